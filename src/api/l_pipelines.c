/* l_pipelines.c -- `native.databricks`: pipelines, their updates and their events. */

#include "api/workspace_call.h"

#define PIPELINES "/api/2.0/pipelines"

/* What the library reads of a pipeline's newest updates, of an update, of a spec and of an
 * event. */
#define NEWEST "latest_updates:[{update_id:s,state:s,creation_time:s}]"
#define UPDATE                                                                           \
    "{update_id!:s,state:s,cause:s,creation_time:n,full_refresh:b,validate_only:b,"      \
    "cluster_id:s,refresh_selection:[s],full_refresh_selection:[s],"                     \
    "reset_checkpoint_selection:[s],config:o}"
#define SPEC                                                                             \
    "{name:s,catalog:s,schema:s,target:s,storage:s,edition:s,root_path:s,"               \
    "libraries:[{notebook:{path:s},file:{path:s},glob:{include:s},jar:s,whl:s}],"        \
    "clusters:[o],configuration:o,tags:o,notifications:[{email_recipients:[s],alerts:["  \
    "s]}],"                                                                              \
    "environment:{dependencies:[s]},event_log:{catalog:s,schema:s,name:s},"              \
    "ingestion_definition:o,gateway_definition:o}"
#define PIPELINE                                                                         \
    "{pipeline_id!:s,name:s,state:s,health:s,cause:s,cluster_id:s,creator_user_name:s,"  \
    "run_as_user_name:s,run_as:o,last_modified:n," NEWEST ",spec:" SPEC "}"
#define QUALITY                                                                          \
    "{dropped_records:n,expectations:[{name:s,dataset:s,passed_records:n,"               \
    "failed_records:n}]}"
#define EVENT                                                                            \
    "{id:s,timestamp:s,level:s,event_type:s,message:s,maturity_level:s,"                 \
    "origin:{update_id:s,request_id:s,pipeline_id:s,pipeline_name:s,flow_name:s,"        \
    "dataset_name:s},sequence:{control_plane_seq_no:n},"                                 \
    "error:{exceptions:[{class_name:s,message:s,stack:[o]}]},"                           \
    "details:{flow_progress:{status:s,metrics:{num_output_rows:n,num_upserted_rows:n,"   \
    "num_deleted_rows:n,backlog_bytes:n,backlog_files:n},data_quality:" QUALITY "},"     \
    "update_progress:{state:s,cancellation_cause:s}}}"

/* Push a call on the pipeline whose id is argument 2. [-0, +1, v] */
static struct api_call *newpipelinecall(lua_State *L, const char *op, const char *method,
                                        const char *below) {
    struct api_call *c = api_newcall(L, op, method);
    api_call_path(L, c, PIPELINES "/");
    api_call_segment(L, c, 2);
    api_call_path(L, c, below);
    return c;
}

/* Send GET for `below` of the pipeline, with the options at 3, which `names` lists, as
 * the query. */
static int getlist(lua_State *L, const char *op, const char *below,
                   const char *const names[], const char *shape) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    lua_settop(L, 3);
    api_checkopts(L, 3, names);
    struct api_call *c = newpipelinecall(L, op, "GET", below);
    api_call_query(L, c, 3);
    c->idempotent = true;
    c->shape = shape;
    return api_call_send(L, c, api_finish_json);
}

/* ws:pipeline_get(id) -> GetPipelineResponse */
static int l_workspace_pipeline_get(lua_State *L) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    lua_settop(L, 2);
    struct api_call *c = newpipelinecall(L, "databricks.pipeline_get", "GET", "");
    c->idempotent = true;
    c->spec = "spec";
    c->shape = PIPELINE;
    return api_call_send(L, c, api_finish_json);
}

/* ws:pipeline_create(spec) -> { pipeline_id } or { effective_settings }. A dry run may be
 * sent twice. */
static int l_workspace_pipeline_create(lua_State *L) {
    api_checkworkspace(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct api_call *c = api_newcall(L, "databricks.pipeline_create", "POST");
    api_call_path(L, c, PIPELINES);
    api_call_json(L, c, 3, 2);
    c->idempotent = lua_getfield(L, 2, "dry_run") == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    c->spec = "effective_settings";
    c->shape = c->idempotent ? "{pipeline_id:s,effective_settings:" SPEC "}"
                             : "{pipeline_id!:s,effective_settings:" SPEC "}";
    return api_call_send(L, c, api_finish_json);
}

/* ws:pipeline_list([query]) -> { statuses, next_page_token } */
static int l_workspace_pipeline_list(lua_State *L) {
    static const char *const names[] = {"max_results", "page_token", "filter", "order_by",
                                        NULL};
    api_checkworkspace(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, names);
    struct api_call *c = api_newcall(L, "databricks.pipeline_list", "GET");
    api_call_path(L, c, PIPELINES);
    api_call_query(L, c, 2);
    c->idempotent = true;
    c->shape = "{statuses:[{pipeline_id!:s,name:s,state:s,health:s,cluster_id:s,"
               "creator_user_name:s,run_as_user_name:s," NEWEST "}],next_page_token:s}";
    return api_call_send(L, c, api_finish_json);
}

/* ws:pipeline_edit(id, spec). With expected_last_modified, a second try would find the
 * change that the first try made, and report a false conflict. */
static int l_workspace_pipeline_edit(lua_State *L) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    struct api_call *c = newpipelinecall(L, "databricks.pipeline_edit", "PUT", "");
    api_call_json(L, c, 4, 3);
    c->idempotent = lua_getfield(L, 3, "expected_last_modified") == LUA_TNIL;
    lua_pop(L, 1);
    return api_call_send(L, c, api_finish_nothing);
}

/* ws:pipeline_delete(id [, {cascade =, force =}]) */
static int l_workspace_pipeline_delete(lua_State *L) {
    static const char *const names[] = {"cascade", "force", NULL};
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    lua_settop(L, 3);
    api_checkopts(L, 3, names);
    struct api_call *c = newpipelinecall(L, "databricks.pipeline_delete", "DELETE", "");
    api_call_query(L, c, 3);
    c->idempotent = true;
    c->removes = true;
    return api_call_send(L, c, api_finish_nothing);
}

/* ws:update_start(id [, body]) -> { update_id } */
static int l_workspace_update_start(lua_State *L) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    if (lua_isnoneornil(L, 3)) {
        lua_settop(L, 2);
        lua_newtable(L);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    struct api_call *c =
        newpipelinecall(L, "databricks.update_start", "POST", "/updates");
    api_call_json(L, c, 4, 3);
    c->shape = "{update_id!:s}";
    return api_call_send(L, c, api_finish_json);
}

/* { update = UpdateInfo } -> UpdateInfo */
static int finish_update(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c);
    lua_getfield(L, -1, "update");
    return 1;
}

/* ws:update_get(id, update_id) -> UpdateInfo */
static int l_workspace_update_get(lua_State *L) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    api_checksegment(L, 3);
    lua_settop(L, 3);
    struct api_call *c = newpipelinecall(L, "databricks.update_get", "GET", "/updates/");
    api_call_segment(L, c, 3);
    c->idempotent = true;
    c->shape = "{update!:" UPDATE "}";
    return api_call_send(L, c, finish_update);
}

/* ws:update_list(id [, query]) -> { updates, next_page_token, prev_page_token } */
static int l_workspace_update_list(lua_State *L) {
    static const char *const names[] = {"max_results", "page_token", "until_update_id",
                                        NULL};
    return getlist(L, "databricks.update_list", "/updates", names,
                   "{updates:[" UPDATE "],next_page_token:s}");
}

/* ws:stop(id). It does nothing if the pipeline is idle, so that it may be sent twice. */
static int l_workspace_stop(lua_State *L) {
    api_checkworkspace(L, 1);
    api_checksegment(L, 2);
    lua_settop(L, 2);
    struct api_call *c = newpipelinecall(L, "databricks.stop", "POST", "/stop");
    lua_pushliteral(L, "{}");
    api_call_text(L, c, 3);
    c->idempotent = true;
    return api_call_send(L, c, api_finish_nothing);
}

/* ws:events(id [, query]) -> { events, next_page_token, prev_page_token } */
static int l_workspace_events(lua_State *L) {
    static const char *const names[] = {"max_results", "page_token", "filter", "order_by",
                                        NULL};
    return getlist(L, "databricks.events", "/events", names,
                   "{events:[" EVENT "],next_page_token:s}");
}

const luaL_Reg api_pipeline_methods[] = {
    {"pipeline_get", l_workspace_pipeline_get},
    {"pipeline_create", l_workspace_pipeline_create},
    {"pipeline_list", l_workspace_pipeline_list},
    {"pipeline_edit", l_workspace_pipeline_edit},
    {"pipeline_delete", l_workspace_pipeline_delete},
    {"update_start", l_workspace_update_start},
    {"update_get", l_workspace_update_get},
    {"update_list", l_workspace_update_list},
    {"stop", l_workspace_stop},
    {"events", l_workspace_events},
    {NULL, NULL},
};
