"""What the fake workspace answers over REST about the pipelines of random logs."""

import re
import urllib.parse


def matches(event, clauses):
    """Whether an event passes a filter of the API."""
    for name, sign, value in re.findall(r"(\w+)\s*(>=|<=|>|<|=)\s*'([^']*)'", clauses):
        own = event.get(name) or event["origin"].get(name)
        ok = {"=": own == value, ">=": own >= value, "<=": own <= value, ">": own > value,
              "<": own < value}[sign]
        if not ok:
            return False
    for name, values in re.findall(r"(\w+)\s+in\s+\(([^)]*)\)", clauses):
        if f"'{event.get(name)}'" not in values:
            return False
    return True


class Rest:
    def __init__(self, logs, others=()):
        self.logs = {log.id: log for log in logs}
        self.names = {**{log.id: log.name for log in logs}, **dict(others)}

    def __call__(self, method, path, query):
        path = urllib.parse.unquote(path)
        if path == "/api/2.0/pipelines":
            like = re.match(r"name LIKE '(.*)%'$", query.get("filter", [""])[0])
            start = like.group(1).replace("''", "'") if like else ""
            return 200, {"statuses": [
                {"pipeline_id": k, "name": n, "state": "IDLE", "creator_user_name": "ada"}
                for k, n in self.names.items() if n.startswith(start)]}
        found = re.match(r"/api/2\.0/pipelines/([0-9a-f-]+)(/events|/updates)?$", path)
        if not found or found.group(1) not in self.names:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no " + path}
        log = self.logs.get(found.group(1))
        if found.group(2) == "/updates":
            return 200, {"updates": log.update_infos() if log else []}
        if found.group(2) == "/events":
            events = [e for e in (log.events if log else [])
                      if matches(e, query.get("filter", [""])[0])]
            down = "asc" not in query.get("order_by", [""])[0]
            events = sorted(events, key=lambda e: (e["timestamp"], e["id"]), reverse=down)
            return 200, {"events": events[:int(query.get("max_results", ["250"])[0])]
                         if "max_results" in query else events}
        return 200, {"pipeline_id": found.group(1), "name": self.names[found.group(1)],
                     "state": "IDLE", "creator_user_name": "ada",
                     "spec": {"name": self.names[found.group(1)], "catalog": "main",
                              "schema": "s", "id": found.group(1)}}
