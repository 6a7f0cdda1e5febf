/* json.c -- native.json beside bare lua-cjson, in one process and turn by turn, on an event
 * log of 50 MB: the same text decoded by both, and each one's value encoded by its own
 * encoder. Prints
 *
 *   json decode: 0.81 of bare lua-cjson (min 0.79 max 0.83, 7 runs); ...
 *
 * where 1 means as fast, less means slower; CPU time, a full collection before each turn. */

#include "api/open.h"
#include "base/buf.h"
#include "engine.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 7

int luaopen_cjson(lua_State *L);

static void die(const char *what) {
    fprintf(stderr, "json: %s\n", what);
    exit(1);
}

/* ---- an event log: the mixture of events of a busy pipeline ---- */

struct log {
    struct buf text;
    uint64_t seed;
    long events;
};

static unsigned long pick(struct log *g, unsigned long n) {
    g->seed = g->seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned long)(g->seed >> 33) % n;
}

#define ADD(g, ...) (buf_fmt(&(g)->text, __VA_ARGS__) ? (void)0 : die("out of memory"))

static void add_id(struct log *g, const char *key) {
    ADD(g, "\"%s\":\"%08lx-%04lx-4%03lx-9%03lx-%012lx\",", key, pick(g, 1UL << 31),
        pick(g, 65536), pick(g, 4096), pick(g, 4096), pick(g, 1UL << 31) << 10);
}

static void add_head(struct log *g, const char *type, const char *level) {
    long n = g->events;
    ADD(g, "%s{", n > 0 ? "," : "");
    add_id(g, "id");
    ADD(g,
        "\"sequence\":{\"data_plane_id\":{\"instance\":\"execution\",\"seq_no\":"
        "%ld},\"control_plane_seq_no\":%ld},",
        1774700001000000 + n, 1774700540281001 + 7 * n);
    ADD(g,
        "\"origin\":{\"cloud\":\"AWS\",\"region\":\"eu-west-1\",\"org_id\":"
        "6051921418418893,"
        "\"pipeline_id\":\"a1f4b7c2-55d1-4d8e-9c1b-3f1de20a7b11\",\"pipeline_type\":"
        "\"WORKSPACE\",\"pipeline_name\":\"orders_medallion\",\"cluster_id\":"
        "\"0327-101500-k3v8qmzd\",\"catalog_name\":\"main\",\"schema_name\":\"sales\",");
    add_id(g, "update_id");
    ADD(g,
        "\"request_id\":\"req-%lu\",\"flow_id\":\"f%lu\",\"flow_name\":"
        "\"main.sales.orders_%lu\",\"dataset_name\":\"main.sales.orders_%lu\",\"batch_"
        "id\":%lu},",
        pick(g, 100000), pick(g, 1000), pick(g, 40), pick(g, 40), pick(g, 90000));
    ADD(g,
        "\"timestamp\":\"2026-03-27T10:%02lu:%02lu.%03luZ\",\"event_type\":\"%s\","
        "\"level\":\"%s\",\"maturity_level\":\"STABLE\",",
        pick(g, 60), pick(g, 60), pick(g, 1000), type, level);
}

static void add_flow_progress(struct log *g) {
    add_head(g, "flow_progress", "INFO");
    ADD(g,
        "\"message\":\"Flow 'main.sales.orders_%lu' has COMPLETED.\",\"details\":{"
        "\"flow_progress\":{\"status\":\"COMPLETED\",\"metrics\":{\"num_output_rows\":%"
        "lu,"
        "\"num_upserted_rows\":%lu,\"num_deleted_rows\":0,\"num_output_bytes\":%lu,"
        "\"backlog_bytes\":%lu,\"backlog_files\":%lu,\"backlog_seconds\":%lu.%lu,"
        "\"executor_time_ms\":%lu,\"executor_cpu_time_ms\":%lu,\"source_metrics\":[]},"
        "\"data_quality\":{\"dropped_records\":%lu,\"expectations\":[",
        pick(g, 40), pick(g, 1000000), pick(g, 5000), pick(g, 900000000),
        pick(g, 40000000), pick(g, 40), pick(g, 300), pick(g, 9) + 1, pick(g, 100000),
        pick(g, 90000), pick(g, 100));
    for (int i = 0; i < 3; i++)
        ADD(g,
            "%s{\"name\":\"valid_%d\",\"dataset\":\"main.sales.orders\","
            "\"passed_records\":%lu,\"failed_records\":%lu}",
            i > 0 ? "," : "", i, pick(g, 1000000), pick(g, 50));
    ADD(g, "]}}}}");
}

static void add_update_progress(struct log *g) {
    add_head(g, "update_progress", "INFO");
    ADD(g, "\"message\":\"Update 6fc8a8 is WAITING_FOR_RESOURCES.\",\"details\":{"
           "\"update_progress\":{\"state\":\"WAITING_FOR_RESOURCES\"}}}");
}

static void add_flow_definition(struct log *g) {
    add_head(g, "flow_definition", "INFO");
    ADD(g,
        "\"message\":\"Flow 'orders' defined as "
        "APPEND.\",\"details\":{\"flow_definition\":{"
        "\"output_dataset\":\"main.sales.orders\",\"input_datasets\":[\"main.raw."
        "orders\","
        "\"main.raw.customers_%lu\"],\"schema_json\":\"{\\\"type\\\":\\\"struct\\\","
        "\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\","
        "\\\"nullable\\\":"
        "true,\\\"metadata\\\":{}}]}\",\"flow_type\":\"APPEND\",\"explain_text\":"
        "\"== Physical Plan ==\\nProject [id, amount]\\n+- Scan delta [id, amount]\\n\","
        "\"comment\":null,\"spark_conf\":{},\"language\":\"PYTHON\",\"once\":false}}}",
        pick(g, 9));
}

static void add_cluster_resources(struct log *g) {
    add_head(g, "cluster_resources", "METRICS");
    ADD(g,
        "\"message\":\"Resources of cluster 0327-101500-k3v8qmzd.\",\"details\":{"
        "\"cluster_resources\":{\"task_slot_metrics\":{\"summary_duration_ms\":%lu,"
        "\"num_task_slots\":16,\"avg_num_task_slots\":16.0,\"avg_task_slot_utilization\":"
        "0.%lu,\"num_executors\":4,\"avg_num_queued_tasks\":%lu.%06lu7},\"autoscale_"
        "info\":{"
        "\"state\":\"RESIZING\",\"optimal_num_executors\":5,\"latest_requested_num_"
        "executors\":"
        "5,\"request_pending_seconds\":%lu}}}}",
        pick(g, 60000), pick(g, 900000000) + 1, pick(g, 100), pick(g, 1000000),
        pick(g, 90));
}

static void add_planning(struct log *g) {
    add_head(g, "planning_information", "INFO");
    ADD(g,
        "\"message\":\"Flow 'orders' has been planned to be executed as ROW_BASED.\","
        "\"details\":{\"planning_information\":{\"technique_information\":[{"
        "\"maintenance_type\":\"MAINTENANCE_TYPE_COMPLETE_RECOMPUTE\",\"is_chosen\":"
        "false,"
        "\"is_applicable\":true,\"cost\":%lu.%lu},{\"maintenance_type\":"
        "\"MAINTENANCE_TYPE_ROW_BASED\",\"is_chosen\":true,\"is_applicable\":true,"
        "\"cost\":"
        "1.%luE10,\"incrementalization_issues\":[]}],\"source_table_information\":[{"
        "\"table_name\":\"main.raw.orders\",\"full_size\":%lu,\"change_size\":%lu,"
        "\"is_row_id_enabled\":true,\"is_cdf_enabled\":true,\"partition_columns\":[]}]}}"
        "}",
        pick(g, 1000000000), pick(g, 90) + 1, pick(g, 900000) + 1, pick(g, 1UL << 31),
        pick(g, 90000000));
}

static void add_error(struct log *g) {
    add_head(g, "flow_progress", "ERROR");
    ADD(g, "\"message\":\"Flow 'main.sales.orders' has FAILED fatally: "
           "\\\"amount\\\" is M\xc3\xbcll.\",\"error\":{\"fatal\":true,\"exceptions\":[{"
           "\"class_name\":\"org.apache.spark.SparkException\",\"message\":"
           "\"Job aborted due to stage failure\\n\\tat org.apache.spark\",\"stack\":[");
    for (int i = 0; i < 12; i++)
        ADD(g,
            "%s{\"declaring_class\":\"org.apache.spark.scheduler.DAGScheduler\","
            "\"method_name\":\"failJob%d\",\"file_name\":\"DAGScheduler.scala\","
            "\"line_number\":%lu}",
            i > 0 ? "," : "", i, pick(g, 4000));
    ADD(g, "]}]},\"details\":{\"flow_progress\":{\"status\":\"FAILED\"}}}");
}

static void add_event(struct log *g) {
    unsigned long kind = pick(g, 100);
    if (kind < 50)
        add_flow_progress(g);
    else if (kind < 70)
        add_update_progress(g);
    else if (kind < 80)
        add_flow_definition(g);
    else if (kind < 88)
        add_cluster_resources(g);
    else if (kind < 95)
        add_planning(g);
    else
        add_error(g);
    g->events++;
}

/* ---- the race ---- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Call the global function `name` with the global `argument`; its result becomes the global
 * `result`. Returns the seconds. */
static double turn(lua_State *L, const char *name, const char *argument,
                   const char *result) {
    lua_pushnil(L);
    lua_setglobal(L, result);
    lua_gc(L, LUA_GCCOLLECT);
    lua_getglobal(L, name);
    lua_getglobal(L, argument);
    double begin = now();
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        die(luaL_tolstring(L, -1, NULL));
    double took = now() - begin;
    lua_setglobal(L, result);
    return took;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, RUNS, sizeof *values, ascending);
    return values[RUNS / 2];
}

struct side {
    const char *function, *argument;
};

static void race(lua_State *L, const char *name, struct side ours, struct side bare,
                 double megabytes) {
    double us[RUNS], them[RUNS], ratios[RUNS];
    for (int i = -1; i < RUNS; i++) { /* the first turn only warms */
        double b = turn(L, bare.function, bare.argument, "result");
        double a = turn(L, ours.function, ours.argument, "result");
        if (i < 0)
            continue;
        us[i] = a;
        them[i] = b;
        ratios[i] = b / a;
    }
    lua_pushnil(L);
    lua_setglobal(L, "result");
    double middle = median(ratios);
    printf(
        "json %s: %.2f of bare lua-cjson (min %.2f max %.2f, %d runs); %.0f MB/s, bare "
        "%.0f MB/s\n",
        name, middle, ratios[0], ratios[RUNS - 1], RUNS, megabytes / median(us),
        megabytes / median(them));
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct log g = {.seed = 42};
    struct engine e = {0};
    size_t size = (size_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 50) * 1000000;
    ADD(&g, "[");
    while (g.text.size < size)
        add_event(&g);
    ADD(&g, "]");
    if (!engine_open(&e, api_open, NULL, NULL))
        die("out of memory");
    lua_State *L = e.L;
    if (luaL_dostring(L, "local json = require 'native.json'\n"
                         "ours_decode, ours_encode = json.decode, json.encode\n"))
        die(lua_tostring(L, -1));
    luaopen_cjson(L);
    lua_getfield(L, -1, "decode");
    lua_setglobal(L, "bare_decode");
    lua_getfield(L, -1, "encode");
    lua_setglobal(L, "bare_encode");
    lua_settop(L, 0);
    lua_pushlstring(L, g.text.bytes, g.text.size);
    lua_setglobal(L, "text");
    double megabytes = (double)g.text.size / 1e6;
    buf_free(&g.text);

    race(L, "decode", (struct side){"ours_decode", "text"},
         (struct side){"bare_decode", "text"}, megabytes);
    turn(L, "bare_decode", "text", "bare_value");
    turn(L, "ours_decode", "text", "ours_value");
    race(L, "encode", (struct side){"ours_encode", "ours_value"},
         (struct side){"bare_encode", "bare_value"}, megabytes);
    engine_close(&e);
    return 0;
}
