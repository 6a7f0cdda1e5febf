"""Jobs and their runs, secrets, clusters, policies and pools."""

import base64
import uuid

from databricks.sdk.errors import (InvalidParameterValue, OperationFailed,
                                   PermissionDenied, ResourceAlreadyExists, ResourceDoesNotExist)
from databricks.sdk.service import compute, jobs, workspace
from databricks.sdk.service.compute import ListSortOrder
from python_sdk import Suite
from python_sdk_pipelines import Pipelines, name

LIFE, RESULT = jobs.RunLifeCycleState, jobs.RunResultState


class Jobs(Pipelines):
    def task(self, key, pipeline, *after, **more):
        return jobs.Task(task_key=key, pipeline_task=jobs.PipelineTask(pipeline_id=pipeline),
                         depends_on=[jobs.TaskDependency(task_key=k) for k in after] or None, **more)

    def job(self, *tasks, **more):
        id_ = self.w.jobs.create(name=name(), tasks=list(tasks), **more).job_id
        self.addCleanup(self.w.jobs.delete, id_)
        return id_

    def test_the_list(self):
        everything = [j.job_id for j in self.w.jobs.list()]
        self.assertEqual([j.job_id for j in self.w.jobs.list(limit=1)], everything)
        for job in self.w.jobs.list(expand_tasks=True):
            self.assertTrue(job.settings.tasks)
            self.same(self.w.jobs.get(job.job_id))
        self.assertEqual(len(list(self.w.jobs.list(name="SALES nightly"))), 1)
        self.refused(InvalidParameterValue, self.w.jobs.list, limit=101)
        self.refused(InvalidParameterValue, self.w.jobs.list, page_token="x")

    def test_create_update_reset_delete(self):
        id_ = self.job(self.task("a", self.make()), tags={"a": "b"})
        self.w.jobs.update(id_, new_settings=jobs.JobSettings(name="changed"),
                           fields_to_remove=["tags"])
        settings = self.w.jobs.get(id_).settings
        self.assertEqual((settings.name, settings.tags), ("changed", None))
        self.w.jobs.reset(id_, jobs.JobSettings(name="reset"))
        self.assertFalse(self.w.jobs.get(id_).settings.tasks)
        self.refused(ResourceDoesNotExist, self.w.jobs.get, 1)
        self.refused(ResourceDoesNotExist, self.w.jobs.create, name="x",
                     tasks=[self.task("a", str(uuid.uuid4()))])
        self.refused(InvalidParameterValue, self.w.jobs.create, name="x",
                     tasks=[self.task("a", self.make(), "b")])

    def test_a_run_drives_the_updates_of_its_pipelines(self):
        first, second = self.make(), self.make()
        id_ = self.job(self.task("a", first), self.task("b", second, "a"))
        run = self.w.jobs.run_now_and_wait(id_)
        self.assertEqual((run.state.life_cycle_state, run.state.result_state),
                         (LIFE.TERMINATED, RESULT.SUCCESS))
        self.same(self.w.jobs.get_run(run.run_id))
        a, b = run.tasks
        self.assertLessEqual(a.end_time, b.start_time)
        for pipeline, task in ((first, a), (second, b)):
            update = self.w.pipelines.list_updates(pipeline).updates[0]
            self.assertEqual(update.cause.value, "JOB_TASK")
            self.assertEqual(update.state.value, "COMPLETED")
            self.assertEqual(update.creation_time, task.start_time)
            self.assertEqual(self.w.jobs.get_run_output(task.run_id).metadata.run_id, task.run_id)
        self.refused(InvalidParameterValue, self.w.jobs.get_run_output, run.run_id)

    def test_a_failed_update_fails_the_run(self):
        bad = self.make(configuration={"sandbox.fail": "flow"}, development=True)
        good = self.make()
        id_ = self.job(self.task("a", bad), self.task("b", good, "a"),
                       self.task("c", good, "b", run_if=jobs.RunIf.AT_LEAST_ONE_FAILED))
        self.refused(OperationFailed, self.w.jobs.run_now_and_wait, id_)
        run = self.w.jobs.get_run(next(self.w.jobs.list_runs(job_id=id_)).run_id)
        states = [t.state.result_state for t in run.tasks]
        self.assertEqual(states, [RESULT.FAILED, RESULT.UPSTREAM_FAILED, RESULT.SUCCESS])
        self.assertEqual(run.state.life_cycle_state, LIFE.INTERNAL_ERROR)
        self.assertIn("failed", self.w.jobs.get_run_output(run.tasks[0].run_id).error)

    def test_a_run_can_be_cancelled(self):
        pipeline = self.make(configuration={"sandbox.duration_ms": "60000"})
        id_ = self.job(self.task("a", pipeline))
        run_id = self.w.jobs.run_now(id_).run_id
        self.assertEqual(self.w.jobs.get_run(run_id).state.life_cycle_state, LIFE.RUNNING)
        self.assertEqual([r.run_id for r in self.w.jobs.list_runs(job_id=id_, active_only=True)],
                         [run_id])
        skipped = self.w.jobs.run_now(id_).run_id
        self.assertEqual(self.w.jobs.get_run(skipped).state.life_cycle_state, LIFE.SKIPPED)
        run = self.w.jobs.cancel_run_and_wait(run_id)
        self.assertEqual(run.state.result_state, RESULT.CANCELED)
        self.w.pipelines.wait_get_pipeline_idle(pipeline)
        self.assertEqual(self.w.pipelines.list_updates(pipeline).updates[0].state.value, "CANCELED")

    def test_run_now_takes_a_part_once(self):
        id_ = self.job(self.task("a", self.make()), self.task("b", self.make(), "a"))
        token = uuid.uuid4().hex
        run = self.w.jobs.run_now(id_, only=["b"], idempotency_token=token)
        self.assertEqual(self.w.jobs.run_now(id_, idempotency_token=token).run_id, run.run_id)
        self.assertEqual([t.task_key for t in run.result().tasks], ["b"])
        self.refused(InvalidParameterValue, self.w.jobs.run_now, id_, only=["nope"])

    def test_a_full_refresh_by_a_run(self):
        pipeline = self.make()
        id_ = self.job(self.task("a", pipeline))
        self.w.jobs.run_now_and_wait(id_, pipeline_params=jobs.PipelineParams(full_refresh=True))
        self.assertTrue(self.w.pipelines.list_updates(pipeline).updates[0].full_refresh)

    def test_a_run_without_a_job(self):
        run = self.w.jobs.submit(run_name="once", tasks=[
            jobs.SubmitTask(task_key="a", pipeline_task=jobs.PipelineTask(self.make())),
            jobs.SubmitTask(task_key="n", notebook_task=jobs.NotebookTask("/Shared/not/there")),
        ])
        self.refused(OperationFailed, run.result)
        got = self.w.jobs.get_run(run.run_id)
        self.assertEqual({t.task_key: t.state.result_state for t in got.tasks},
                         {"a": RESULT.SUCCESS, "n": RESULT.FAILED})
        self.w.jobs.delete_run(run.run_id)
        self.refused(ResourceDoesNotExist, self.w.jobs.get_run, run.run_id)

    def test_the_list_of_runs(self):
        everything = [r.run_id for r in self.w.jobs.list_runs(completed_only=True)]
        self.assertTrue(len(everything) >= 5)
        some = [r.run_id for r in self.w.jobs.list_runs(completed_only=True, limit=2)]
        self.assertEqual(some, everything)
        self.refused(InvalidParameterValue, self.w.jobs.list_runs, limit=26)
        self.refused(InvalidParameterValue, self.w.jobs.list_runs, active_only=True,
                     completed_only=True)

    def test_a_viewer_runs_nothing(self):
        id_ = self.job(self.task("a", self.make()))
        self.refused(PermissionDenied, self.viewer.jobs.run_now, id_)
        self.w.jobs.update_permissions(str(id_), access_control_list=[jobs.JobAccessControlRequest(
            user_name="lars.nygaard@example.com",
            permission_level=jobs.JobPermissionLevel.CAN_MANAGE_RUN)])
        self.assertTrue(self.viewer.jobs.run_now(id_).run_id)
        self.refused(PermissionDenied, self.viewer.jobs.update, id_,
                     new_settings=jobs.JobSettings(name="x"))


class Secrets(Suite):
    def scope(self, **more):
        scope = f"py-{uuid.uuid4().hex[:12]}"
        self.w.secrets.create_scope(scope, **more)
        self.addCleanup(self.w.secrets.delete_scope, scope)
        return scope

    def test_secrets(self):
        scope = self.scope()
        self.assertIn(scope, [s.name for s in self.w.secrets.list_scopes()])
        self.assertEqual(list(self.w.secrets.list_secrets(scope)), [])
        self.w.secrets.put_secret(scope, "text", string_value="välue")
        self.w.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\0\1").decode())
        self.assertEqual([s.key for s in self.w.secrets.list_secrets(scope)], ["bytes", "text"])
        got = self.same(self.w.secrets.get_secret(scope, "text"))
        self.assertEqual(base64.b64decode(got.value).decode(), "välue")
        self.assertEqual(self.w.dbutils.secrets.getBytes(scope, "bytes"), b"\0\1")
        self.w.secrets.delete_secret(scope, "text")
        self.refused(ResourceDoesNotExist, self.w.secrets.get_secret, scope, "text")
        self.refused(ResourceDoesNotExist, self.w.secrets.delete_secret, scope, "text")

    def test_wrong_secrets_are_refused(self):
        scope = self.scope()
        self.refused(ResourceAlreadyExists, self.w.secrets.create_scope, scope)
        self.refused(ResourceDoesNotExist, self.w.secrets.list_secrets, "nope")
        self.refused(InvalidParameterValue, self.w.secrets.put_secret, scope, "a")
        self.refused(InvalidParameterValue, self.w.secrets.put_secret, scope, "a/b",
                     string_value="x")
        self.refused(InvalidParameterValue, self.w.secrets.put_secret, scope, "a",
                     string_value="x" * 200_000)

    def test_access_lists(self):
        scope, lars = self.scope(), "lars.nygaard@example.com"
        permission = workspace.AclPermission
        self.w.secrets.put_secret(scope, "k", string_value="v")
        self.refused(PermissionDenied, self.viewer.secrets.get_secret, scope, "k")
        self.w.secrets.put_acl(scope, lars, permission.READ)
        self.assertTrue(self.viewer.secrets.get_secret(scope, "k").value)
        self.refused(PermissionDenied, self.viewer.secrets.put_secret, scope, "k", string_value="w")
        self.assertEqual(self.w.secrets.get_acl(scope, lars).permission, permission.READ)
        self.assertEqual(len(list(self.w.secrets.list_acls(scope))), 2)
        self.w.secrets.delete_acl(scope, lars)
        self.refused(PermissionDenied, self.viewer.secrets.list_secrets, scope)
        self.refused(ResourceDoesNotExist, self.w.secrets.put_acl, scope, "nobody", permission.READ)
        shared = self.scope(initial_manage_principal="users")
        self.viewer.secrets.put_secret(shared, "k", string_value="v")


class Compute(Suite):
    def test_clusters(self):
        clusters = list(self.w.clusters.list())
        self.assertTrue(clusters)
        self.assertEqual([c.cluster_id for c in self.w.clusters.list(page_size=7)],
                         [c.cluster_id for c in clusters])
        running = self.w.clusters.list(filter_by=compute.ListClustersFilterBy(
            cluster_states=[compute.State.RUNNING]))
        self.assertTrue(all(c.state is compute.State.RUNNING for c in running))
        self.same(self.w.clusters.get(clusters[0].cluster_id))
        self.refused(ResourceDoesNotExist, self.w.clusters.get, "nope")

    def test_what_clusters_are_made_of(self):
        self.same(self.w.clusters.spark_versions())
        self.assertIn(self.w.clusters.select_spark_version(long_term_support=True),
                      [v.key for v in self.w.clusters.spark_versions().versions])
        self.same(self.w.clusters.list_node_types())
        self.assertTrue(self.w.clusters.select_node_type(local_disk=True))
        self.assertEqual(len(self.same(self.w.clusters.list_zones()).zones), 3)

    def test_policies(self):
        for policy in self.w.cluster_policies.list():
            self.same(self.w.cluster_policies.get(policy.policy_id))
        made = self.w.cluster_policies.create(name=name(), definition='{"a": {"type": "fixed"}}')
        self.w.cluster_policies.edit(made.policy_id, name=name(), definition="{}")
        self.assertEqual(self.w.cluster_policies.get(made.policy_id).definition, "{}")
        up = list(self.w.cluster_policies.list(sort_column=compute.ListSortColumn.POLICY_NAME,
                                               sort_order=ListSortOrder.ASC))
        self.assertEqual([x.name for x in up], sorted(x.name for x in up))
        self.w.cluster_policies.delete(made.policy_id)
        self.refused(ResourceDoesNotExist, self.w.cluster_policies.get, made.policy_id)
        self.refused(InvalidParameterValue, self.w.cluster_policies.create, name=name(),
                     definition="no json")
        self.refused(PermissionDenied, self.viewer.cluster_policies.create, name=name(),
                     definition="{}")

    def test_policy_families(self):
        families = list(self.w.policy_families.list())
        self.assertEqual(list(self.w.policy_families.list(max_results=1)), families)
        for family in families:
            self.same(self.w.policy_families.get(family.policy_family_id))
        self.refused(ResourceDoesNotExist, self.w.policy_families.get, "nope")

    def test_pools(self):
        for pool in self.w.instance_pools.list():
            self.same(self.w.instance_pools.get(pool.instance_pool_id))
        made = self.w.instance_pools.create(name(), "m5d.large", max_capacity=5).instance_pool_id
        self.w.instance_pools.edit(made, "renamed", "m5d.large")
        self.assertEqual(self.w.instance_pools.get(made).instance_pool_name, "renamed")
        self.refused(InvalidParameterValue, self.w.instance_pools.edit, made, "x", "i3.xlarge")
        self.refused(InvalidParameterValue, self.w.instance_pools.create, name(), "nope")
        self.refused(PermissionDenied, self.viewer.instance_pools.create, name(), "m5d.large")
        self.w.instance_pools.delete(made)
        self.refused(ResourceDoesNotExist, self.w.instance_pools.get, made)
