"""Pipelines and updates whose right rows are known by hand."""

import datetime

from warehouse import WORKSPACE

OTHER, QUIET = "2222", "3333"
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


def pid(n):
    return f"00000000-0000-4000-8000-{n:012d}"


def uid(n, k=1):
    return f"{n:08d}-{k:04d}-4000-8000-000000000000"


class Fleet:
    """`pipelines` and `slices` are rows of the two tables; `events` those of the table of events."""

    def __init__(self, now):
        self.now = now.replace(microsecond=0)
        self.pipelines, self.slices, self.events = [], [], []
        self.build()

    def pipeline(self, n, name, workspace=WORKSPACE, changed=300, deleted=None):
        self.pipelines.append({
            "account_id": "a", "workspace_id": workspace, "pipeline_id": pid(n),
            "pipeline_type": "ETL_PIPELINE", "name": name, "created_by": "ada", "run_as": "bob",
            "change_time": self.now - changed * DAY,
            "delete_time": deleted and self.now - deleted * DAY})

    def update(self, n, k, begin, end, result, workspace=WORKSPACE, request=None, **fields):
        """Slices of an hour from `begin` to `end`; only the last one has the result."""
        at = begin
        while at < end:
            hour = at.replace(minute=0, second=0) + HOUR
            last = hour >= end
            self.slices.append({
                "account_id": "a", "workspace_id": workspace, "pipeline_id": pid(n),
                "update_id": uid(n, k), "request_id": request, "update_type": "REFRESH",
                "trigger_type": "USER_ACTION", "result_state": result if last else None,
                "compute": {"type": "CLASSIC_COMPUTE", "cluster_id": f"c-{n}"},
                "period_start_time": at, "period_end_time": min(hour, end), **fields})
            at = hour

    def event(self, n, k, at, kind, details, level="INFO", error=None, number=0):
        self.events.append({
            "account_id": "a", "workspace_id": WORKSPACE, "pipeline_id": pid(n),
            "update_id": uid(n, k), "pipeline_event_id": f"e-{n}-{k}-{number}",
            "event_type": kind, "event_time": at, "level": level, "maturity_level": "STABLE",
            "message": f"message {number}", "details": details, "error": error,
            "origin": {"pipeline_id": pid(n), "update_id": uid(n, k), "request_id": f"r{n}"}})

    def build(self):
        now = self.now
        minute = datetime.timedelta(minutes=1)
        self.pipeline(1, "old name", changed=400)
        self.pipeline(1, "Three hours", changed=2)
        self.pipeline(1, "intruder", workspace=OTHER, changed=1)
        self.update(1, 1, now - DAY, now - DAY + 150 * minute, "COMPLETED", request="r1")
        self.update(1, 9, now - HOUR, now - 10 * minute, "FAILED", workspace=OTHER)
        self.pipeline(2, "Deleted", changed=30)
        self.pipeline(2, "Deleted", changed=3, deleted=3)
        self.update(2, 1, now - DAY, now - DAY + minute, "COMPLETED")
        self.pipeline(3, "Retries")
        for k in (1, 2, 3):
            begin = now - 5 * HOUR + k * 30 * minute
            self.update(3, k, begin, begin + 10 * minute, "FAILED", request="r3",
                        trigger_type="USER_ACTION" if k == 1 else "RETRY_ON_FAILURE")
        self.pipeline(4, "Runs")
        self.update(4, 1, now - 90 * minute, now, None)
        self.pipeline(5, "Silent")
        self.update(5, 1, now - 9 * DAY - HOUR, now - 9 * DAY, None)
        self.pipeline(6, "Never")
        self.pipeline(7, "Cancelled")
        self.update(7, 1, now - 30 * HOUR, now - 29 * HOUR, "CANCELED",
                    refresh_selection=["a'b", 'c"d', "e\\f", "ü"], full_refresh_selection=[])
        self.pipeline(8, "Old")
        self.update(8, 1, now - 41 * DAY, now - 41 * DAY + HOUR, "FAILED")
        self.update(8, 2, now - 40 * DAY, now - 40 * DAY + HOUR, "COMPLETED")
        self.pipeline(9, "Continuous")
        self.update(9, 1, now - 20 * DAY, now - 5 * minute, None)
        self.pipeline(10, "Days")  # each attempt took more than four days
        for k, (begin, end) in enumerate([(9.5, 5.1), (4.9, 0.5), (0.4, 0.3)], 1):
            self.update(10, k, now - begin * DAY, now - end * DAY,
                        "FAILED" if k < 3 else "COMPLETED", request="r10")
        self.pipeline(11, "No request")
        for k in (1, 2):
            self.update(11, k, now - k * 3 * HOUR, now - k * 3 * HOUR + minute, "COMPLETED")
        self.pipeline(30, "Quiet", workspace=QUIET)
        self.update(30, 1, now - 9 * DAY - HOUR, now - 9 * DAY, None, workspace=QUIET)
        self.event(3, 3, now - 3 * HOUR, "update_progress",
                   '{"update_progress":{"state":"FAILED"}}', "ERROR", number=1, error={
                       "fatal": True, "exceptions": [
                           {"class_name": "X", "message": "[EXPECTATION_VIOLATION] it's", "stack": []}]})
        self.event(3, 3, now - 3 * HOUR - minute, "update_progress",
                   '{"update_progress":{"state":"RUNNING"}}', number=2)
        self.event(4, 1, now - 80 * minute, "flow_progress", "{}", number=3)
        self.event(1, 1, now - 20 * HOUR, "flow_progress", "{}", "ERROR", number=4)

    # What the dashboard of the workspace shows: name, update, start, state and status of each.
    def shown(self):
        def start(days):
            return (self.now - days * DAY).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        third = self.now - 5 * HOUR + datetime.timedelta(minutes=90)
        return {
            1: ("Three hours", uid(1), start(1), "COMPLETED", 1, "idle"),
            3: ("Retries", uid(3, 3), third.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "FAILED", 3, "failed"),
            4: ("Runs", uid(4), start(1.5 / 24), "UNKNOWN", 1, "running"),
            5: ("Silent", uid(5), start(9 + 1 / 24), "UNKNOWN", 1, "other"),
            6: ("Never", None, None, None, None, "idle"),
            7: ("Cancelled", uid(7), start(30 / 24), "CANCELED", 1, "idle"),
            8: ("Old", uid(8, 2), start(40), "COMPLETED", 1, "idle"),
            9: ("Continuous", uid(9), start(20), "UNKNOWN", 1, "running"),
            10: ("Days", uid(10, 3), start(0.4), "COMPLETED", 3, "idle"),
            11: ("No request", uid(11, 1), start(3 / 24), "COMPLETED", 1, "idle"),
        }
