"""Workspace objects, files of volumes, DBFS, Git folders."""

import base64
import io
import uuid

from databricks.sdk.errors import (AlreadyExists, BadRequest, InvalidParameterValue, NotFound,
                                   PermissionDenied, ResourceAlreadyExists, ResourceDoesNotExist)
from databricks.sdk.service import workspace
from python_sdk import Suite

HOME = "/Users/ada.okafor@example.com"
FORMAT, LANGUAGE = workspace.ImportFormat, workspace.Language


def fresh(folder=HOME):
    return f"{folder}/py-{uuid.uuid4().hex[:12]}"


class Objects(Suite):
    def test_a_notebook_goes_up_and_down(self):
        path = fresh()
        self.w.workspace.upload(path, io.BytesIO(b"print(1)"), language=LANGUAGE.PYTHON)
        with self.w.workspace.download(path) as content:
            self.assertEqual(content.read(), b"# Databricks notebook source\nprint(1)")
        for form, what in (("SOURCE", b"print(1)"), ("HTML", b"<html"), ("JUPYTER", b"cells")):
            with self.w.workspace.download(path, format=workspace.ExportFormat(form)) as content:
                self.assertIn(what, content.read().lower() if form == "HTML" else content.read())
        self.w.workspace.delete(path)
        self.refused(ResourceDoesNotExist, self.w.workspace.get_status, path)

    def test_a_file_goes_up_and_down(self):
        for form in (FORMAT.AUTO, FORMAT.RAW):
            for name, bytes_ in ((".txt", b"text"), (".py", b"print(2)"), (".bin", bytes(range(256)))):
                path = fresh() + name
                self.w.workspace.upload(path, io.BytesIO(bytes_), format=form)
                with self.w.workspace.download(path) as content:
                    self.assertEqual(content.read(), bytes_, path)
                self.assertEqual(self.same(self.w.workspace.get_status(path)).object_type,
                                 workspace.ObjectType.FILE)
                exported = self.w.workspace.export(path)
                self.assertEqual(base64.b64decode(exported.content), bytes_)
                self.w.workspace.delete(path)

    def test_a_file_is_no_notebook(self):
        path = fresh() + ".txt"
        self.w.workspace.upload(path, io.BytesIO(b"x"), format=FORMAT.AUTO)
        self.refused(InvalidParameterValue, self.w.workspace.export, path,
                     format=workspace.ExportFormat.JUPYTER)
        self.w.workspace.delete(path)

    def test_import_by_its_formats(self):
        path = fresh()
        content = base64.b64encode(b"SELECT 1").decode()
        self.w.workspace.import_(path, content=content, format=FORMAT.SOURCE, language=LANGUAGE.SQL)
        self.refused(ResourceAlreadyExists, self.w.workspace.import_, path, content=content,
                     format=FORMAT.SOURCE, language=LANGUAGE.SQL)
        self.w.workspace.import_(path, content=content, format=FORMAT.SOURCE, language=LANGUAGE.SQL,
                                 overwrite=True)
        self.refused(InvalidParameterValue, self.w.workspace.import_, path, content=content,
                     format=FORMAT.SOURCE)
        self.refused(InvalidParameterValue, self.w.workspace.import_, path, content="%%%",
                     format=FORMAT.SOURCE, language=LANGUAGE.SQL, overwrite=True)
        self.refused(ResourceDoesNotExist, self.w.workspace.import_, "/Users/nobody@example.com/x/y",
                     content=content, format=FORMAT.SOURCE, language=LANGUAGE.SQL)
        self.w.workspace.delete(path)

    def test_folders(self):
        root = fresh()
        self.w.workspace.mkdirs(root + "/a/b")
        self.w.workspace.mkdirs(root + "/a/b")
        self.w.workspace.upload(root + "/a/one.txt", io.BytesIO(b"1"), format=FORMAT.AUTO)
        self.w.workspace.upload(root + "/a/b/two.txt", io.BytesIO(b"2"), format=FORMAT.AUTO)
        self.assertEqual([o.path for o in self.w.workspace.list(root)], [root + "/a"])
        files = {o.path for o in self.w.workspace.list(root, recursive=True)}
        self.assertEqual(files, {root + "/a/one.txt", root + "/a/b/two.txt"})
        self.refused(BadRequest, self.w.workspace.delete, root)
        zipped = base64.b64decode(self.w.workspace.export(root).content)
        self.assertEqual(zipped[:2], b"PK")
        self.w.workspace.delete(root, recursive=True)
        self.refused(ResourceDoesNotExist, self.w.workspace.list, root)

    def test_paths_must_be_absolute(self):
        for path in ("x/y", "", "/Users/../x"):
            self.refused(InvalidParameterValue, self.w.workspace.get_status, path)

    def test_the_homes_of_others(self):
        path = fresh()
        self.w.workspace.upload(path, io.BytesIO(b"1"), language=LANGUAGE.PYTHON)
        self.refused(ResourceDoesNotExist, self.viewer.workspace.get_status, path)
        self.refused(PermissionDenied, self.viewer.workspace.mkdirs, HOME + "/x")
        self.w.workspace.delete(path)

    def test_permissions_of_objects(self):
        path = fresh()
        self.w.workspace.upload(path, io.BytesIO(b"1"), language=LANGUAGE.PYTHON)
        id_ = str(self.w.workspace.get_status(path).object_id)
        levels = self.w.workspace.get_permission_levels("notebooks", id_)
        self.assertEqual(len(levels.permission_levels), 4)
        changed = self.w.workspace.update_permissions(
            "notebooks", id_, access_control_list=[workspace.WorkspaceObjectAccessControlRequest(
                group_name="users", permission_level=workspace.WorkspaceObjectPermissionLevel.CAN_RUN)])
        self.assertEqual(self.w.workspace.get_permissions("notebooks", id_), changed)
        self.w.workspace.delete(path)


class Volumes(Suite):
    ROOT = "/Volumes/sales/raw/orders"

    def test_a_file_goes_up_and_down(self):
        for size in (0, 1, 100_000, 6_000_000):
            path = fresh(self.ROOT) + ".bin"
            bytes_ = bytes(i % 251 for i in range(1000)) * (size // 1000) + b"x" * (size % 1000)
            self.w.files.upload(path, io.BytesIO(bytes_))
            self.assertEqual(self.w.files.download(path).contents.read(), bytes_)
            self.assertEqual(self.w.files.get_metadata(path).content_length, size)
            self.refused(AlreadyExists, self.w.files.upload, path, io.BytesIO(b"y"),
                         overwrite=False)
            self.w.files.upload(path, io.BytesIO(b"y"), overwrite=True)
            self.assertEqual(self.w.files.download(path).contents.read(), b"y")
            self.w.files.delete(path)
            self.refused(NotFound, self.w.files.download, path)

    def test_folders(self):
        root = fresh(self.ROOT)
        self.w.files.create_directory(root + "/a")
        for i in range(5):
            self.w.files.upload(f"{root}/a/{i}", io.BytesIO(b"x"))
        for size in (None, 1, 2, 5):
            names = [e.name for e in self.w.files.list_directory_contents(root + "/a", page_size=size)]
            self.assertEqual(names, ["0", "1", "2", "3", "4"])
        self.w.files.get_directory_metadata(root)
        self.refused(BadRequest, self.w.files.delete_directory, root + "/a")
        for i in range(5):
            self.w.files.delete(f"{root}/a/{i}")
        self.w.files.delete_directory(root + "/a")
        self.refused(NotFound, self.w.files.get_directory_metadata, root + "/a")

    def test_what_is_no_volume(self):
        self.refused(NotFound, self.w.files.upload, "/Volumes/sales/raw/nope/x", io.BytesIO(b"x"))
        self.refused(InvalidParameterValue, self.w.files.create_directory, "/tmp/x")

    def test_dbfs(self):
        root = fresh("/tmp")
        self.w.dbfs.mkdirs(root)
        self.w.dbfs.upload(root + "/small", io.BytesIO(b"abc"))
        self.refused(ResourceAlreadyExists, self.w.dbfs.upload, root + "/small", io.BytesIO(b"d"))
        big = bytes(range(256)) * 10_000
        self.w.dbfs.upload(root + "/big", io.BytesIO(big))
        self.assertEqual(self.w.dbfs.download(root + "/big").read(), big)
        self.assertEqual({f.path for f in self.w.dbfs.list(root)}, {root + "/small", root + "/big"})
        self.assertEqual(self.w.dbfs.get_status(root + "/big").file_size, len(big))
        self.w.dbfs.move(root + "/small", root + "/moved")
        self.assertTrue(self.w.dbfs.exists(root + "/moved"))
        self.assertFalse(self.w.dbfs.exists(root + "/small"))
        self.w.dbfs.put(root + "/put", contents=base64.b64encode(b"p").decode())
        self.assertEqual(self.w.dbfs.read(root + "/put").data, base64.b64encode(b"p").decode())
        self.w.dbfs.delete(root, recursive=True)
        self.refused(ResourceDoesNotExist, self.w.dbfs.get_status, root)
        self.refused(InvalidParameterValue, self.w.dbfs.get_status, "no/slash")


class Git(Suite):
    def test_git_folders(self):
        self.assertEqual(len(list(self.w.repos.list())), 1)
        path = fresh("/Repos/ada.okafor@example.com")
        made = self.same(self.w.repos.create(
            url="https://github.com/example/other.git", provider="gitHub", path=path))
        self.assertEqual(self.same(self.w.repos.get(made.id)).branch, "main")
        self.w.repos.update(made.id, branch="next")
        self.assertEqual(self.w.repos.get(made.id).branch, "next")
        self.assertEqual(len(list(self.w.repos.list(path_prefix=path))), 1)
        self.w.repos.delete(made.id)
        self.refused(ResourceDoesNotExist, self.w.repos.get, made.id)
        self.refused(InvalidParameterValue, self.w.repos.create, url="https://x/y", provider="nope")

    def test_git_credentials(self):
        made = self.w.git_credentials.create("gitHub", git_username="ada",
                                             personal_access_token="x")
        self.assertEqual([c.credential_id for c in self.w.git_credentials.list()],
                         [made.credential_id])
        self.assertEqual(self.w.git_credentials.get(made.credential_id).git_username, "ada")
        self.w.git_credentials.delete(made.credential_id)
        self.refused(ResourceDoesNotExist, self.w.git_credentials.get, made.credential_id)
