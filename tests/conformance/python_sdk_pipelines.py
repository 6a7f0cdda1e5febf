"""Pipelines: settings, lists, updates, events, permissions."""

import io
import time
import uuid

from databricks.sdk.errors import (InvalidParameterValue, NotFound, PermissionDenied,
                                   ResourceConflict, ResourceDoesNotExist)
from databricks.sdk.service import pipelines as p
from databricks.sdk.service.workspace import Language
from python_sdk import Suite

FOLDER = "/Shared/py-conformance"
SOURCES = {
    "bronze": "CREATE OR REFRESH MATERIALIZED VIEW bronze AS SELECT 1 AS id\n",
    "gold": "CREATE OR REFRESH MATERIALIZED VIEW gold AS SELECT * FROM bronze\n",
}
ENDED = (p.UpdateInfoState.COMPLETED, p.UpdateInfoState.FAILED, p.UpdateInfoState.CANCELED)


def name():
    return f"py-{uuid.uuid4().hex[:12]}"


class Pipelines(Suite):
    @classmethod
    def setUpClass(cls):
        cls.w.workspace.mkdirs(FOLDER)
        for key, text in SOURCES.items():
            cls.w.workspace.upload(f"{FOLDER}/{key}", io.BytesIO(text.encode()),
                                   language=Language.SQL, overwrite=True)

    def libraries(self):
        return [p.PipelineLibrary(notebook=p.NotebookLibrary(path=f"{FOLDER}/{key}"))
                for key in SOURCES]

    def make(self, **more):
        settings = {"name": name(), "catalog": "main", "schema": name().replace("-", "_"),
                    "serverless": True, "libraries": self.libraries(), **more}
        made = self.w.pipelines.create(**settings)
        self.addCleanup(self.drop, made.pipeline_id)
        return made.pipeline_id

    def drop(self, id_):
        try:
            self.w.pipelines.delete(id_)
        except NotFound:
            pass

    def run_update(self, id_, **more):
        update = self.w.pipelines.start_update(id_, **more).update_id
        return self.until("the end of an update", lambda: self.ended(id_, update))

    def ended(self, id_, update):
        info = self.same(self.w.pipelines.get_update(id_, update)).update
        return info if info.state in ENDED else None


class Settings(Pipelines):
    def test_the_list(self):
        everything = [s.pipeline_id for s in self.w.pipelines.list_pipelines()]
        for size in (1, 7, 100):
            some = [s.pipeline_id for s in self.w.pipelines.list_pipelines(max_results=size)]
            self.assertEqual(len(set(some)), len(some))
            self.assertLessEqual(40, len(some))
        self.assertEqual(len(everything), len(set(everything)))
        self.refused(InvalidParameterValue, self.w.pipelines.list_pipelines, max_results=101)
        self.refused(InvalidParameterValue, self.w.pipelines.list_pipelines, page_token="x")

    def test_filters_and_order(self):
        found = list(self.w.pipelines.list_pipelines(filter="name LIKE 'sales%'"))
        self.assertTrue(all(s.name.startswith("sales") for s in found))
        down = [s.pipeline_id for s in self.w.pipelines.list_pipelines(order_by=["id desc"])]
        self.assertEqual(down, sorted(down, reverse=True))
        for text in ("name = 'x'", "name LIKE x", "id = 'x'"):
            self.refused(InvalidParameterValue, self.w.pipelines.list_pipelines, filter=text)
        self.refused(InvalidParameterValue, self.w.pipelines.list_pipelines, order_by=["state"])

    def test_every_pipeline_has_types(self):
        for status in self.w.pipelines.list_pipelines():
            got = self.w.pipelines.get(status.pipeline_id)
            self.assertEqual((got.pipeline_id, got.name), (status.pipeline_id, status.name))
            # Two have fields and states that no client knows.
            if got.name not in ("ml_embeddings_refresh", "platform_usage_metrics"):
                self.same(got)

    def test_unknown_and_malformed_ids(self):
        self.refused(ResourceDoesNotExist, self.w.pipelines.get, str(uuid.uuid4()))
        self.refused(InvalidParameterValue, self.w.pipelines.get, "x")

    def test_create_get_edit_delete(self):
        id_ = self.make(configuration={"a": "1"}, tags={"team": "x"})
        got = self.same(self.w.pipelines.get(id_))
        self.assertEqual(got.spec.configuration, {"a": "1"})
        self.w.pipelines.update(id_, name=got.name, catalog="main", schema=got.spec.schema,
                                serverless=True, libraries=self.libraries(),
                                configuration={"b": "2"},
                                expected_last_modified=got.last_modified)
        after = self.w.pipelines.get(id_)
        self.assertEqual(after.spec.configuration, {"b": "2"})
        self.refused(ResourceConflict, self.w.pipelines.update, id_, name=got.name, catalog="main",
                     schema=got.spec.schema, serverless=True, libraries=self.libraries(),
                     expected_last_modified=got.last_modified)
        self.w.pipelines.delete(id_, cascade=False, force=True)
        self.refused(ResourceDoesNotExist, self.w.pipelines.get, id_)

    def test_a_dry_run_makes_nothing(self):
        settings = self.w.pipelines.create(name=name(), catalog="main", schema="x", dry_run=True,
                                           serverless=True, libraries=self.libraries())
        self.assertIsNone(settings.pipeline_id)
        self.assertEqual(settings.effective_settings.channel, "CURRENT")

    def test_names_are_used_once(self):
        id_ = self.make()
        used = self.w.pipelines.get(id_).name
        self.refused(ResourceConflict, self.w.pipelines.create, name=used, catalog="main", schema="x",
                     libraries=self.libraries())
        self.make(name=used, allow_duplicate_names=True)

    def test_run_as(self):
        for run_as in (p.RunAs(group_name="analysts"), p.RunAs(user_name="mei.tanaka@example.com")):
            id_ = self.make(run_as=run_as)
            got = self.same(self.w.pipelines.get(id_))
            self.assertEqual(got.run_as, run_as)
            self.assertEqual(got.run_as_user_name, run_as.group_name or run_as.user_name)
        self.refused(InvalidParameterValue, self.w.pipelines.update, id_, name=got.name,
                     catalog="main", schema=got.spec.schema, libraries=self.libraries())
        for wrong in (p.RunAs(), p.RunAs(group_name="nobody"),
                      p.RunAs(group_name="analysts", user_name="mei.tanaka@example.com")):
            self.refused(InvalidParameterValue, self.w.pipelines.create, name=name(),
                         catalog="main", schema="x", libraries=self.libraries(), run_as=wrong)
        self.refused(PermissionDenied, self.viewer.pipelines.create, name=name(), catalog="main",
                     schema="x", libraries=self.libraries(), run_as=p.RunAs(group_name="admins"))

    def test_parent_path(self):
        id_ = self.make(parent_path="/Workspace" + FOLDER)
        self.assertEqual(self.w.pipelines.get(id_).spec.parent_path, "/Workspace" + FOLDER)
        self.refused(ResourceDoesNotExist, self.w.pipelines.create, name=name(), catalog="main",
                     schema="x", libraries=self.libraries(), parent_path="/Shared/not/there")

    def test_wrong_settings_are_refused(self):
        for wrong in ({"libraries": []}, {"catalog": "main", "storage": "dbfs:/x"},
                      {"schema": "a", "target": "b"}, {"name": ""},
                      {"serverless": True, "clusters": [p.PipelineCluster(num_workers=1)]}):
            settings = {"name": name(), "catalog": "main", "schema": "x",
                        "libraries": self.libraries(), **wrong}
            self.refused(InvalidParameterValue, self.w.pipelines.create, **settings)

    def test_migration_from_the_hive_metastore(self):
        old = self.w.pipelines.create(name=name(), libraries=self.libraries()).pipeline_id
        self.addCleanup(lambda: self.w.api_client.do(
            "DELETE", f"/api/2.0/pipelines/{old}", query={"cascade": "false"}))
        made = self.w.pipelines.clone(old, name=name(), catalog="main", schema=name().replace("-", "_"))
        self.addCleanup(self.drop, made.pipeline_id)
        self.assertEqual(self.w.pipelines.get(made.pipeline_id).spec.catalog, "main")
        self.refused(InvalidParameterValue, self.w.pipelines.clone, made.pipeline_id,
                     name=name(), catalog="main")


class Updates(Pipelines):
    def test_an_update_completes_and_publishes(self):
        id_ = self.make()
        info = self.run_update(id_, cause=p.StartUpdateCause.JOB_TASK)
        self.assertEqual(info.state, p.UpdateInfoState.COMPLETED)
        self.assertEqual(info.cause, p.UpdateInfoCause.JOB_TASK)
        schema = self.w.pipelines.get(id_).spec.schema
        self.assertEqual([t.name for t in self.w.tables.list("main", schema)], ["bronze", "gold"])
        self.w.pipelines.delete(id_)
        self.assertEqual(list(self.w.tables.list("main", schema)), [])
        self.assertEqual(self.w.schemas.get(f"main.{schema}").name, schema)

    def test_selections_come_back(self):
        id_ = self.make()
        for field in ("refresh_selection", "full_refresh_selection"):
            info = self.run_update(id_, **{field: ["gold"]})
            self.assertEqual(getattr(info, field), ["gold"])
            self.assertEqual(self.flows(id_, info.update_id, "EXCLUDED"), {"bronze"})
        self.assertTrue(self.run_update(id_, full_refresh=True).full_refresh)
        info = self.run_update(id_, refresh_selection=["nope"])
        self.assertEqual(info.state, p.UpdateInfoState.FAILED)

    def flows(self, id_, update, status):
        """The tables whose flows had that status in an update."""
        events = self.w.api_client.do("GET", f"/api/2.0/pipelines/{id_}/events", query={
            "max_results": 1000, "filter": f"update_id = '{update}'"})["events"]
        return {e["origin"]["flow_name"].split(".")[-1] for e in events
                if e["details"].get("flow_progress", {}).get("status") == status}

    def test_selections_by_path(self):
        id_ = self.make()
        for field in ("refresh_selection_by_path", "full_refresh_selection_by_path"):
            info = self.run_update(id_, **{field: [f"/Workspace{FOLDER}/gold"]})
            self.assertEqual(getattr(info, field), [f"/Workspace{FOLDER}/gold"])
            self.assertEqual(self.flows(id_, info.update_id, "COMPLETED"), {"gold"})
            self.assertEqual(self.flows(id_, info.update_id, "EXCLUDED"), {"bronze"})
            self.refused(InvalidParameterValue, self.w.pipelines.start_update, id_,
                         **{field: [f"{FOLDER}/nope"]})
        self.refused(InvalidParameterValue, self.w.pipelines.start_update, id_, full_refresh=True,
                     refresh_selection_by_path=[f"{FOLDER}/gold"])

    def test_development_of_an_update(self):
        id_ = self.make(configuration={"sandbox.fail": "flow"})
        info = self.run_update(id_, development=True)
        self.assertEqual(info.state, p.UpdateInfoState.FAILED)
        self.assertTrue(info.config.development)
        time.sleep(0.5)
        self.assertEqual(len(self.w.pipelines.list_updates(id_).updates), 1, "no retry")
        self.assertFalse(self.w.pipelines.get(id_).spec.development)

    def test_validation_parameters_and_checkpoints(self):
        id_ = self.make()
        info = self.run_update(id_, validate_only=True, parameters={"a": "b"})
        self.assertTrue(info.validate_only)
        self.assertEqual(info.parameters, {"a": "b"})
        self.run_update(id_, reset_checkpoint_selection=["bronze"])

    def test_overrides_and_rewinds_are_checked(self):
        id_ = self.make()
        for overrides in ([p.ReplaceWhereOverride(flow_name="nope", predicate_override="a = 1")],
                          [p.ReplaceWhereOverride(flow_name="gold", predicate_override="a = 1")],
                          [p.ReplaceWhereOverride(flow_name="gold")]):
            self.refused(InvalidParameterValue, self.w.pipelines.start_update, id_,
                         replace_where_overrides=overrides)
        for spec in (p.RewindSpec(), p.RewindSpec(rewind_timestamp="yesterday"),
                     p.RewindSpec(rewind_timestamp="2026-01-01T00:00:00Z",
                                  datasets=[p.RewindDatasetSpec(identifier="gold")])):
            self.refused(InvalidParameterValue, self.w.pipelines.start_update, id_, rewind_spec=spec)

    def test_one_update_at_a_time(self):
        id_ = self.make()
        update = self.w.pipelines.start_update(id_).update_id
        self.refused(ResourceConflict, self.w.pipelines.start_update, id_)
        self.w.pipelines.stop_and_wait(id_)
        info = self.until("the end", lambda: self.ended(id_, update))
        self.assertEqual(info.state, p.UpdateInfoState.CANCELED)
        self.w.pipelines.wait_get_pipeline_idle(id_)

    def test_the_list_of_updates(self):
        id_ = self.make()
        updates = [self.run_update(id_, validate_only=True).update_id for _ in range(3)][::-1]
        self.assertEqual([u.update_id for u in self.w.pipelines.list_updates(id_).updates], updates)
        first = self.same(self.w.pipelines.list_updates(id_, max_results=2))
        rest = self.w.pipelines.list_updates(id_, max_results=2, page_token=first.next_page_token)
        self.assertEqual([u.update_id for u in first.updates + rest.updates], updates)
        until = self.w.pipelines.list_updates(id_, until_update_id=updates[1])
        self.assertEqual([u.update_id for u in until.updates], updates[:2])
        self.refused(InvalidParameterValue, self.w.pipelines.list_updates, id_, page_token="x")
        self.refused(InvalidParameterValue, self.w.pipelines.list_updates, id_, max_results=101)
        self.refused(ResourceDoesNotExist, self.w.pipelines.get_update, id_, str(uuid.uuid4()))

    def test_a_viewer_starts_nothing(self):
        id_ = self.make()
        self.refused(PermissionDenied, self.viewer.pipelines.start_update, id_)
        self.refused(PermissionDenied, self.viewer.pipelines.get, id_)


class Events(Pipelines):
    def test_events_and_their_filters(self):
        id_ = self.make()
        info = self.run_update(id_)

        def events(**more):
            return list(self.w.pipelines.list_pipeline_events(id_, **more))

        all_ = events(max_results=1000)
        for size in (5, 250, 1000):
            self.assertEqual([e.id for e in events(max_results=size)], [e.id for e in all_])
        up = events(order_by=["timestamp asc"])
        self.assertEqual([e.timestamp for e in up], sorted(e.timestamp for e in up))
        self.assertEqual([e.id for e in events(filter=f"id = '{all_[3].id}'")], [all_[3].id])
        mine = events(filter=f"update_id = '{info.update_id}' AND level in ('INFO', 'WARN')")
        self.assertTrue(mine and all(e.origin.update_id == info.update_id for e in mine))
        self.assertEqual(events(filter="level = 'ERROR'"), [])
        for wrong in ("level", "level = 'LOUD'", "level LIKE 'x'", "a = 'b'"):
            self.refused(InvalidParameterValue, self.w.pipelines.list_pipeline_events, id_,
                         filter=wrong)
        for more in ({"order_by": ["level"]}, {"max_results": 1001}, {"page_token": "x"}):
            self.refused(InvalidParameterValue, self.w.pipelines.list_pipeline_events, id_, **more)

    def test_events_have_types(self):
        id_ = self.make()
        self.run_update(id_)
        for event in self.w.pipelines.list_pipeline_events(id_):
            self.assertTrue(event.id and event.message and event.origin.pipeline_id == id_)
            self.assertIsInstance(event.level, p.EventLevel)
            self.assertTrue(event.sequence.control_plane_seq_no)


class Permissions(Pipelines):
    def test_permissions(self):
        id_ = self.make()
        levels = self.same(self.w.pipelines.get_permission_levels(id_)).permission_levels
        self.assertEqual(len(levels), 4)
        level = p.PipelinePermissionLevel
        entry = p.PipelineAccessControlRequest
        self.w.pipelines.update_permissions(id_, access_control_list=[
            entry(user_name="lars.nygaard@example.com", permission_level=level.CAN_RUN)])
        self.same(self.w.pipelines.get_permissions(id_))
        self.assertEqual(self.viewer.pipelines.get(id_).pipeline_id, id_)
        owner = entry(user_name="ada.okafor@example.com", permission_level=level.IS_OWNER)
        self.w.pipelines.set_permissions(id_, access_control_list=[owner])
        self.refused(PermissionDenied, self.viewer.pipelines.get, id_)
        for wrong in ([], [entry(group_name="users", permission_level=level.IS_OWNER)],
                      [owner, entry(user_name="mei.tanaka@example.com",
                                    permission_level=level.IS_OWNER)]):
            self.refused(InvalidParameterValue, self.w.pipelines.set_permissions, id_,
                         access_control_list=wrong)
        self.refused(ResourceDoesNotExist, self.w.pipelines.update_permissions, id_,
                     access_control_list=[entry(user_name="no@example.com",
                                                permission_level=level.CAN_RUN)])
        self.assertEqual(len(self.w.permissions.get("pipelines", id_).access_control_list), 2)
