import ast
import dlt
import json

spec = json.loads('{"tables": [{"name": "j", "on": true}, {"name": "k", "on": false}], "none": null}')
more = ast.literal_eval("['l']")

for table in [t["name"] for t in spec["tables"] if t["on"]] + more:
    dlt.create_streaming_table(table)
