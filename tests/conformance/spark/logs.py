"""Random event logs, as REST answers them and as tables hold them, and an addition of their own."""

import datetime
import json

NAMES = ["sales", "ÜBERSICHT", "İstanbul", "ΣΊΣΥΦΟΣ", "Straße", "a`b", "100%_x", "back\\slash",
         "quote's", 'double"quote', "plain two", "Zürich Überblick"]
RULES = ["valid_id", "positive", "known 'x'"]


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


class Log:
    """The events of one pipeline."""

    def __init__(self, random, number, now):
        self.id = f"00000000-0000-4000-8000-{900 + number:012d}"
        self.name, self.events, self.updates, self.seq = NAMES[number], [], [], 0
        start = now - datetime.timedelta(days=3)
        for n in range(random.randint(1, 4)):
            at = start + datetime.timedelta(hours=16 * n, minutes=random.randint(0, 600))
            self.update(random, f"{number:08d}-{n:04d}-4000-8000-000000000000", at)

    def put(self, random, update, at, kind, details, **origin):
        self.seq += 1
        level = random.choice(["INFO"] * 5 + ["WARN"])
        self.events.append({
            "id": f"{self.id[-4:]}-{self.seq:06d}", "event_type": kind, "level": level,
            "sequence": {"control_plane_seq_no": self.seq}, "timestamp": iso(at),
            "message": f"event {self.seq}", "maturity_level": "STABLE", "details": details,
            "origin": {"pipeline_id": self.id, "pipeline_name": self.name, "update_id": update,
                       "request_id": update, **origin}})

    def update(self, random, update, at):
        self.updates.append((update, at))
        self.put(random, update, at, "create_update", {"create_update": {"cause": "USER_ACTION"}})
        for flow in range(random.randint(1, 3)):
            dataset, streams = f"main.s.t{flow}", random.random() < 0.5
            rules = random.sample(RULES, random.randint(1, 3))
            for report in range(random.randint(1, 5)):
                at = at + datetime.timedelta(milliseconds=random.randint(1, 400000))
                quality = {"expectations": [
                    {"name": rule, "dataset": dataset, "passed_records": random.randint(0, 10 ** 6),
                     "failed_records": random.randint(0, 1000)} for rule in rules]}
                if random.random() < 0.8:
                    quality["dropped_records"] = random.randint(0, 1000)
                origin = {"flow_name": dataset, "dataset_name": dataset}
                if streams and random.random() < 0.9:
                    origin["batch_id"] = report // 2
                self.put(random, update, at, "flow_progress", {"flow_progress": {
                    "status": "RUNNING", "data_quality": quality}}, **origin)
        self.put(random, update, at + datetime.timedelta(seconds=1), "update_progress",
                 {"update_progress": {"state": "COMPLETED"}})

    # ---- by hand ----

    def sums(self):
        """Passed and failed by dataset and rule: the last report of each micro-batch, and of a flow
        that has none its last report of the update (docs/guide/quality.md)."""
        reports = {}
        for e in self.events:
            quality = e["details"].get("flow_progress", {}).get("data_quality")
            for x in (quality or {}).get("expectations", []):
                key = (e["origin"]["update_id"], e["origin"]["flow_name"], x["dataset"], x["name"])
                reports.setdefault(key, []).append((
                    e["timestamp"], e["id"], e["origin"].get("batch_id"), x["passed_records"],
                    x["failed_records"]))
        sums = {}
        for (_, _, dataset, rule), told in reports.items():
            last = {}
            for report in sorted(told):
                last[report[2]] = report
            if len(last) > 1 or None not in last:
                last.pop(None, None)
            chosen = sums.setdefault((dataset, rule), [0, 0])
            for report in last.values():
                chosen[0] += report[3]
                chosen[1] += report[4]
        return sums

    # ---- as tables ----

    def system_rows(self, workspace):
        return [{"account_id": "a", "workspace_id": workspace, "pipeline_id": self.id,
                 "update_id": e["origin"]["update_id"], "pipeline_event_id": e["id"],
                 "event_type": e["event_type"], "event_time": at_of(e), "level": e["level"],
                 "maturity_level": "STABLE", "message": e["message"],
                 "origin": e["origin"], "error": None, "details": json.dumps(e["details"])}
                for e in self.events]

    def log_rows(self, as_text):
        return [{"id": e["id"], "sequence": json.dumps(e["sequence"]), "timestamp": at_of(e),
                 "origin": json.dumps(e["origin"]) if as_text else e["origin"],
                 "message": e["message"], "level": e["level"], "maturity_level": "STABLE",
                 "error": None, "details": json.dumps(e["details"]),
                 "event_type": e["event_type"]} for e in self.events]

    def pipeline_row(self, workspace, now):
        return {"account_id": "a", "workspace_id": workspace, "pipeline_id": self.id,
                "pipeline_type": "ETL_PIPELINE", "name": self.name, "created_by": "ada",
                "run_as": "ada", "change_time": now - datetime.timedelta(days=300)}

    def slices(self, workspace):
        return [{"account_id": "a", "workspace_id": workspace, "pipeline_id": self.id,
                 "update_id": update, "request_id": update, "update_type": "REFRESH",
                 "trigger_type": "USER_ACTION", "result_state": "COMPLETED",
                 "period_start_time": at, "period_end_time": at + datetime.timedelta(minutes=20)}
                for update, at in self.updates]

    # ---- as REST ----

    def update_infos(self):
        return [{"update_id": update, "pipeline_id": self.id, "state": "COMPLETED",
                 "cause": "USER_ACTION", "creation_time": int(at.timestamp() * 1000)}
                for update, at in reversed(self.updates)]


def at_of(event):
    return datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
