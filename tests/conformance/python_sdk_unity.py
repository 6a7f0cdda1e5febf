"""Unity Catalog: catalogs, schemas, tables, volumes, connections, storage, grants."""

import uuid

from databricks.sdk.errors import (BadRequest, InvalidParameterValue, InvalidState, NotFound,
                                   PermissionDenied)
from databricks.sdk.service import catalog as c
from python_sdk import Suite


def name():
    return f"py_{uuid.uuid4().hex[:12]}"


class Names(Suite):
    def test_catalogs(self):
        names = [x.name for x in self.w.catalogs.list()]
        self.assertIn("sales", names)
        self.assertEqual([x.name for x in self.w.catalogs.list(max_results=1)], names)
        made = self.same(self.w.catalogs.create(name(), comment="for a test"))
        self.w.catalogs.update(made.name, comment="changed")
        self.assertEqual(self.same(self.w.catalogs.get(made.name)).comment, "changed")
        self.refused(BadRequest, self.w.catalogs.create, made.name)
        self.refused(PermissionDenied, self.viewer.catalogs.create, name())
        self.w.catalogs.delete(made.name, force=True)
        self.refused(NotFound, self.w.catalogs.get, made.name)

    def test_schemas(self):
        made = self.same(self.w.schemas.create(name(), "main", properties={"a": "b"}))
        self.assertIn(made.name, [s.name for s in self.w.schemas.list("main", max_results=2)])
        self.w.schemas.update(made.full_name, comment="changed")
        self.assertEqual(self.same(self.w.schemas.get(made.full_name)).comment, "changed")
        self.w.schemas.delete(made.full_name)
        self.refused(NotFound, self.w.schemas.get, made.full_name)
        self.refused(NotFound, self.w.schemas.list, "nope")
        self.refused(InvalidState, self.w.schemas.delete, "sales.orders")
        self.refused(InvalidParameterValue, self.w.schemas.get, "nodots")

    def test_tables(self):
        tables = list(self.w.tables.list("sales", "orders"))
        self.assertTrue(tables)
        for size in (1, 2, 50):
            some = self.w.tables.list("sales", "orders", max_results=size)
            self.assertEqual([t.name for t in some], [t.name for t in tables])
        for table in tables:
            self.same(self.w.tables.get(table.full_name))
        self.assertTrue(self.w.tables.exists(tables[0].full_name).table_exists)
        self.assertFalse(self.w.tables.exists("sales.orders.nope").table_exists)
        self.assertFalse(list(self.w.tables.list("sales", "orders", omit_columns=True))[0].columns)
        summaries = list(self.w.tables.list_summaries("sales", schema_name_pattern="orders"))
        self.assertEqual(len(summaries), len(tables))
        self.refused(NotFound, self.w.tables.get, "sales.orders.nope")
        self.refused(NotFound, self.w.tables.list, "sales", "nope")

    def test_the_metastore(self):
        summary = self.same(self.w.metastores.summary())
        self.assertEqual([m.metastore_id for m in self.w.metastores.list()], [summary.metastore_id])
        self.assertEqual(self.w.metastores.get(summary.metastore_id).name, summary.name)
        self.assertEqual(self.w.metastores.current().metastore_id, summary.metastore_id)
        self.assertTrue(list(self.w.system_schemas.list(summary.metastore_id)))
        self.refused(PermissionDenied, self.viewer.metastores.list)
        self.refused(NotFound, self.w.metastores.get, str(uuid.uuid4()))


class Securables(Suite):
    def test_volumes(self):
        made = self.same(self.w.volumes.create("main", "default", name(), c.VolumeType.MANAGED))
        self.assertIn(made.name, [v.name for v in self.w.volumes.list("main", "default")])
        self.w.volumes.update(made.full_name, comment="changed")
        self.assertEqual(self.same(self.w.volumes.read(made.full_name)).comment, "changed")
        self.refused(BadRequest, self.w.volumes.create, "main", "default", made.name,
                     c.VolumeType.MANAGED)
        self.refused(InvalidParameterValue, self.w.volumes.create, "main", "default", name(),
                     c.VolumeType.EXTERNAL)
        self.refused(NotFound, self.w.volumes.list, "main", "nope")
        self.w.volumes.delete(made.full_name)
        self.refused(NotFound, self.w.volumes.read, made.full_name)

    def test_volumes_have_pages(self):
        names = [v.name for v in self.w.volumes.list("sales", "raw")]
        self.assertEqual([v.name for v in self.w.volumes.list("sales", "raw", max_results=1)], names)

    def test_connections(self):
        self.assertIn("salesforce_prod", [x.name for x in self.w.connections.list()])
        self.same(self.w.connections.get("salesforce_prod"))
        made = self.w.connections.create(
            name=name(), connection_type=c.ConnectionType.MYSQL,
            options={"host": "db.example.com", "port": "3306", "user": "u", "password": "secret"})
        self.assertNotIn("password", self.w.connections.get(made.name).options)
        self.w.connections.delete(made.name)
        self.refused(NotFound, self.w.connections.get, made.name)
        self.refused(PermissionDenied, self.viewer.connections.create, name=name(),
                     connection_type=c.ConnectionType.MYSQL, options={"host": "x"})

    def test_storage(self):
        for location in self.w.external_locations.list():
            self.same(self.w.external_locations.get(location.name))
        for credential in self.w.storage_credentials.list():
            self.same(self.w.storage_credentials.get(credential.name))
        made = self.w.external_locations.create(name(), "s3://example-x/", "lake_role")
        self.w.external_locations.update(made.name, comment="x")
        self.w.external_locations.delete(made.name)
        self.refused(NotFound, self.w.external_locations.create, name(), "s3://x/", "nope")

    def test_functions(self):
        self.assertEqual(list(self.w.functions.list("sales", "raw")), [])
        self.refused(NotFound, self.w.functions.get, "sales.raw.nope")


class Grants(Suite):
    def test_grants(self):
        schema = self.w.schemas.create(name(), "dev").full_name
        change = c.PermissionsChange(principal="analysts", add=[c.Privilege.SELECT,
                                                                c.Privilege.USE_SCHEMA])
        self.same(self.w.grants.update("schema", schema, changes=[change]))
        got = self.same(self.w.grants.get("schema", schema)).privilege_assignments
        self.assertEqual(got[0].principal, "analysts")
        self.assertEqual(set(got[0].privileges), {c.Privilege.SELECT, c.Privilege.USE_SCHEMA})
        effective = self.same(self.w.grants.get_effective("schema", schema)).privilege_assignments
        inherited = {(a.principal, x.inherited_from_name) for a in effective for x in a.privileges}
        self.assertIn(("users", "dev"), inherited)
        self.w.grants.update("schema", schema, changes=[
            c.PermissionsChange(principal="analysts", remove=[c.Privilege.SELECT])])
        only = self.w.grants.get("schema", schema, principal="analysts").privilege_assignments
        self.assertEqual(only[0].privileges, [c.Privilege.USE_SCHEMA])
        self.w.schemas.delete(schema)

    def test_wrong_grants_are_refused(self):
        def change(principal, privilege):
            return [c.PermissionsChange(principal=principal, add=[privilege])]

        self.refused(NotFound, self.w.grants.update, "catalog", "dev",
                     changes=change("nobody", c.Privilege.SELECT))
        self.refused(InvalidParameterValue, self.w.grants.update, "catalog", "dev",
                     changes=change("users", c.Privilege.READ_FILES))
        self.refused(InvalidParameterValue, self.w.grants.get, "thing", "dev")
        self.refused(NotFound, self.w.grants.get, "catalog", "nope")
        self.refused(PermissionDenied, self.viewer.grants.update, "catalog", "dev",
                     changes=change("users", c.Privilege.SELECT))
