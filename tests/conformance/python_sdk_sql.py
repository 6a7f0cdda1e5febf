"""SQL warehouses, statements and their history."""

import time
import uuid

from databricks.sdk.errors import InvalidParameterValue, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service import sql
from python_sdk import WAREHOUSE, Suite

STATE = sql.StatementState


class Warehouses(Suite):
    def test_the_list(self):
        names = [w.name for w in self.w.warehouses.list()]
        self.assertIn("Serverless Starter Warehouse", names)
        self.assertEqual([w.name for w in self.w.warehouses.list(page_size=1)], names)
        self.same(self.w.warehouses.get(WAREHOUSE))
        self.refused(ResourceDoesNotExist, self.w.warehouses.get, "nope")
        self.refused(InvalidParameterValue, self.w.warehouses.list, page_size=-1)

    def test_start_and_stop(self):
        self.assertEqual(self.w.warehouses.stop_and_wait(WAREHOUSE).state, sql.State.STOPPED)
        self.assertEqual(self.w.warehouses.start_and_wait(WAREHOUSE).state, sql.State.RUNNING)

    def test_create_edit_delete(self):
        name = f"py-{uuid.uuid4().hex[:8]}"
        made = self.w.warehouses.create_and_wait(name=name, cluster_size="2X-Small",
                                                 enable_serverless_compute=True)
        self.refused(InvalidParameterValue, self.w.warehouses.create, name=name, cluster_size="Small")
        self.w.warehouses.edit(made.id, name=name + "2", cluster_size="Small")
        self.assertEqual(self.w.warehouses.get(made.id).name, name + "2")
        self.refused(InvalidParameterValue, self.w.warehouses.edit, made.id, cluster_size="Huge")
        self.refused(PermissionDenied, self.viewer.warehouses.delete, made.id)
        self.w.warehouses.delete(made.id)
        self.refused(ResourceDoesNotExist, self.w.warehouses.get, made.id)

    def test_permissions_and_configuration(self):
        level = sql.WarehousePermissionLevel
        changed = self.w.warehouses.update_permissions(WAREHOUSE, access_control_list=[
            sql.WarehouseAccessControlRequest(group_name="users", permission_level=level.CAN_USE)])
        self.assertEqual(self.w.warehouses.get_permissions(WAREHOUSE), changed)
        levels = self.same(self.w.warehouses.get_permission_levels(WAREHOUSE))
        self.assertEqual(len(levels.permission_levels), 5)
        config = self.w.warehouses.get_workspace_warehouse_config()
        self.assertTrue(config.enable_serverless_compute)
        self.w.warehouses.set_workspace_warehouse_config(enable_serverless_compute=False)
        self.assertFalse(self.w.warehouses.get_workspace_warehouse_config().enable_serverless_compute)
        self.w.warehouses.set_workspace_warehouse_config(enable_serverless_compute=True)
        self.refused(PermissionDenied, self.viewer.warehouses.set_workspace_warehouse_config)


class Statements(Suite):
    def run_sql(self, text, **more):
        return self.w.statement_execution.execute_statement(text, WAREHOUSE, **more)

    def test_types_of_constants(self):
        for text, want in (("1", "INT"), ("2147483648", "BIGINT"), ("1.5", "DECIMAL(2,1)"),
                           ("1e0", "DOUBLE"), ("'x'", "STRING"), ("true", "BOOLEAN"),
                           ("NULL", "VOID"), ("current_date()", "DATE"),
                           ("CAST(1 AS DECIMAL(10,2))", "DECIMAL(10,2)")):
            for where in ("", " WHERE 1 = 0"):
                columns = self.run_sql(f"SELECT {text} AS c{where}").manifest.schema.columns
                self.assertEqual(columns[0].type_text, want, text + where)

    def test_types_of_parameters(self):
        item = sql.StatementParameterListItem
        for kind, value in (("INT", "1"), ("BIGINT", "9007199254740993"), ("STRING", "it's"),
                            ("DECIMAL(18,4)", "1.2300"), ("DATE", "2026-01-02"),
                            ("BOOLEAN", "true")):
            answer = self.run_sql("SELECT :p AS p",
                                  parameters=[item(name="p", value=value, type=kind)])
            self.assertEqual(answer.result.data_array, [[value]])
            self.assertEqual(answer.manifest.schema.columns[0].type_text, kind)
        answer = self.run_sql("SELECT :p IS NULL", parameters=[item(name="p", type="INT")])
        self.assertEqual(answer.result.data_array, [["true"]])
        answer = self.run_sql("SELECT :p", parameters=[item(name="p", value="x", type="INT")])
        self.assertEqual(answer.status.state, STATE.FAILED)

    def test_chunks_and_links(self):
        text = "SELECT * FROM samples.nyctaxi.trips /* sandbox.chunk_rows=3 */"
        answer = self.same(self.run_sql(text))
        rows, chunk = [], answer.result
        while chunk:
            rows += chunk.data_array
            chunk = chunk.next_chunk_index and self.w.statement_execution \
                .get_statement_result_chunk_n(answer.statement_id, chunk.next_chunk_index)
        self.assertEqual(len(rows), answer.manifest.total_row_count)
        for form in (sql.Format.JSON_ARRAY, sql.Format.CSV):
            answer = self.run_sql(text, disposition=sql.Disposition.EXTERNAL_LINKS, format=form)
            self.assertTrue(answer.result.external_links[0].external_link.startswith("http"))

    def test_limits(self):
        text = "SELECT * FROM samples.nyctaxi.trips"
        self.assertEqual(self.run_sql(text, row_limit=2).manifest.total_row_count, 2)
        self.assertTrue(self.run_sql(text, byte_limit=100).manifest.truncated)
        self.refused(InvalidParameterValue, self.run_sql, text, row_limit=-1)
        for wait in ("4s", "51s", "x"):
            self.refused(InvalidParameterValue, self.run_sql, text, wait_timeout=wait)

    def test_waiting_and_cancelling(self):
        slow = "SELECT 1 /* sandbox.duration_ms=60000 */"
        answer = self.run_sql(slow, wait_timeout="0s")
        self.assertIn(answer.status.state, (STATE.PENDING, STATE.RUNNING))
        self.w.statement_execution.cancel_execution(answer.statement_id)
        self.assertEqual(self.w.statement_execution.get_statement(answer.statement_id).status.state,
                         STATE.CANCELED)
        self.refused(ResourceDoesNotExist, self.w.statement_execution.get_statement, "01f1")

    def test_failures_have_the_class_of_spark(self):
        for text, want in (("SELEC 1", "PARSE_SYNTAX_ERROR"), ("SELECT x", "UNRESOLVED_COLUMN"),
                           ("SELECT * FROM main.x.y", "TABLE_OR_VIEW_NOT_FOUND"),
                           ("SELECT 1 / 0", "DIVIDE_BY_ZERO")):
            status = self.run_sql(text).status
            self.assertEqual(status.state, STATE.FAILED)
            self.assertIn(want, status.error.message)
        self.refused(InvalidParameterValue, self.w.statement_execution.execute_statement,
                     "SELECT 1", "nope")

    def test_catalog_and_schema(self):
        answer = self.run_sql("SELECT count(*) FROM trips", catalog="samples", schema="nyctaxi")
        self.assertEqual(answer.result.data_array, [["8"]])

    def test_the_history(self):
        mark = uuid.uuid4().hex
        id_ = self.run_sql(f"SELECT '{mark}'").statement_id
        found = [q for q in self.w.query_history.list(max_results=1000).res if q.query_id == id_]
        self.assertEqual(found[0].status, sql.QueryStatus.FINISHED)
        self.assertIn(mark, found[0].query_text)
        self.same(self.w.query_history.list(max_results=3, include_metrics=True))
        page = self.w.query_history.list(max_results=1)
        after = self.w.query_history.list(max_results=1, page_token=page.next_page_token)
        self.assertNotEqual(page.res[0].query_id, after.res[0].query_id)
        start = int(time.time() * 1000) + 60_000
        later = sql.QueryFilter(query_start_time_range=sql.TimeRange(start_time_ms=start))
        self.assertFalse(self.w.query_history.list(filter_by=later).res)
        failed = sql.QueryFilter(statuses=[sql.QueryStatus.CANCELED])
        for query in self.w.query_history.list(filter_by=failed).res or []:
            self.assertEqual(query.status, sql.QueryStatus.CANCELED)
