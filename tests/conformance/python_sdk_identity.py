"""Users, groups, service principals, tokens, log-in, and which workspace a client is in."""

import uuid

from databricks.sdk.errors import (InvalidParameterValue, NotFound, PermissionDenied,
                                   ResourceDoesNotExist, Unauthenticated)
from databricks.sdk.service import iam
from python_sdk import ADMIN, HOST, RECOVERY, Suite, connect

BOT = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"


class Directory(Suite):
    def test_lists_of_principals_end(self):
        self.assertEqual(len(list(self.w.users.list())), 5)
        self.assertEqual(len(list(self.w.groups.list())), 4)
        self.assertEqual(len(list(self.w.service_principals.list())), 2)

    def test_lists_have_pages(self):
        for size in (1, 2, 3, 100):
            names = [u.user_name for u in self.w.users.list(count=size)]
            self.assertEqual(len(names), len(set(names)))
            self.assertEqual(len(names), 5, size)

    def test_a_list_can_begin_later(self):
        for start, want in ((1, 5), (4, 2), (100, 0)):
            page = self.w.api_client.do("GET", "/api/2.0/preview/scim/v2/Users",
                                        query={"startIndex": start})
            self.assertEqual(len(page.get("Resources", [])), want)
            self.assertEqual((page["startIndex"], page["totalResults"]), (start, 5))

    def test_a_list_is_sorted(self):
        up = [u.user_name for u in self.w.users.list(sort_by="userName")]
        down = [u.user_name for u in self.w.users.list(
            sort_by="userName", sort_order=iam.ListSortOrder.DESCENDING)]
        self.assertEqual(up, sorted(up))
        self.assertEqual(down, up[::-1])

    def test_filters(self):
        def names(text):
            return [u.user_name for u in self.w.users.list(filter=text)]

        self.assertEqual(names('userName eq "ada.okafor@example.com"'),
                         ["ada.okafor@example.com"])
        self.assertEqual(names("userName eq ada.okafor@example.com"), ["ada.okafor@example.com"])
        self.assertEqual(names(f"displayName eq any-{uuid.uuid4()}"), [])
        self.assertEqual(names('userName sw "lars"'), ["lars.nygaard@example.com"])
        self.assertEqual(len(names('userName co "example"')), 5)
        self.assertEqual(len(names('userName ne "lars.nygaard@example.com"')), 4)
        self.assertEqual(len(names('userName sw "ada" or displayName sw "Mei"')), 2)
        self.assertEqual(names('userName sw "ada" and displayName sw "Mei"'), [])
        self.assertEqual(len(names('emails.value ew ".com"')), 5)

    def test_filters_of_other_forms_are_refused(self):
        for text in ("userName", "userName eq", "eq eq eq eq", 'userName gt "a"', '"a" eq b', "(("):
            self.refused(InvalidParameterValue, self.w.users.list, filter=text)

    def test_a_request_can_choose_attributes(self):
        for user in self.w.users.list(attributes="id,userName"):
            self.assertTrue(user.id and user.user_name)
            self.assertIsNone(user.display_name)
        for group in self.w.groups.list(excluded_attributes="members"):
            self.assertFalse(group.members)

    def test_principals_by_id(self):
        for service in (self.w.users, self.w.groups, self.w.service_principals):
            for one in service.list():
                self.assertEqual(self.same(service.get(one.id)).id, one.id)
            self.refused(NotFound, service.get, "123")

    def test_groups_have_members(self):
        groups = {g.display_name: g for g in self.w.groups.list()}
        self.assertEqual({m.display for m in groups["admins"].members}, {"Ada Okafor", "deploy-bot"})

    def test_me(self):
        me = self.w.current_user.me()
        self.assertEqual(me.user_name, "ada.okafor@example.com")
        self.assertIn("admins", [g.display for g in me.groups])
        self.assertEqual(self.viewer.current_user.me().user_name, "lars.nygaard@example.com")


class LogIn(Suite):
    def test_a_service_principal_logs_in(self):
        bot = connect(client_id=BOT, client_secret="demo-secret")
        self.assertEqual(bot.current_user.me().user_name, BOT)

    def test_a_wrong_secret_or_token_is_refused(self):
        with self.assertRaises(Exception) as caught:
            connect(client_id=BOT, client_secret="wrong").current_user.me()
        self.assertIn("invalid_client", str(caught.exception))
        self.refused(Unauthenticated, connect(token="wrong").current_user.me)

    def test_a_client_is_in_the_workspace_of_its_token(self):
        here, there = ADMIN.get_workspace_id(), RECOVERY.get_workspace_id()
        self.assertEqual((here, there), (70421337900113842, 2814749767106563))

    def test_the_id_of_another_workspace_is_refused(self):
        wrong = connect(token="demo-token", workspace_id="123")
        self.refused(PermissionDenied, wrong.current_user.me)
        right = connect(token="demo-token", workspace_id="70421337900113842")
        self.assertTrue(right.current_user.me().id)

    def test_tokens(self):
        made = self.same(self.w.tokens.create(comment="for a test", lifetime_seconds=600))
        self.assertTrue(made.token_value.startswith("dapi"))
        mine = connect(token=made.token_value)
        self.assertEqual(mine.current_user.me().user_name, "ada.okafor@example.com")
        self.assertIn(made.token_info.token_id, [t.token_id for t in self.w.tokens.list()])
        everybody = [t.token_id for t in self.w.token_management.list()]
        self.assertIn(made.token_info.token_id, everybody)
        self.w.tokens.delete(made.token_info.token_id)
        self.refused(Unauthenticated, mine.current_user.me)
        self.refused(ResourceDoesNotExist, self.w.tokens.delete, made.token_info.token_id)
        self.refused(InvalidParameterValue, self.w.tokens.create, lifetime_seconds=-5)
        self.refused(PermissionDenied, self.viewer.token_management.list)

    def test_what_is_not_there_is_refused_in_the_words_of_the_service(self):
        error = self.refused(NotFound, self.w.api_client.do, "GET", "/api/2.0/lakeview/dashboards")
        self.assertEqual(str(error), "No API found for 'GET /lakeview/dashboards'")
        self.assertEqual(error.error_code, "ENDPOINT_NOT_FOUND")


class Settings(Suite):
    def test_workspace_conf(self):
        self.w.workspace_conf.set_status({"enableIpAccessLists": "true"})
        status = self.w.workspace_conf.get_status(keys="enableIpAccessLists,maxTokenLifetimeDays")
        self.assertEqual(status, {"enableIpAccessLists": "true", "maxTokenLifetimeDays": "90"})
        self.refused(InvalidParameterValue, self.w.workspace_conf.get_status, keys="noSuchKey")
        self.refused(PermissionDenied, self.viewer.workspace_conf.get_status,
                     keys="enableIpAccessLists")

    def test_the_host_names_no_workspace_to_a_stranger(self):
        import requests

        url = HOST + "/.well-known/databricks-config"
        self.assertNotIn("workspace_id", requests.get(url, timeout=10).json())
        mine = requests.get(url, headers={"Authorization": "Bearer demo-dr-token"}, timeout=10)
        self.assertEqual(mine.json()["workspace_id"], "2814749767106563")
