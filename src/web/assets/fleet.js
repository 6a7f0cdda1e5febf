// All pipelines of the workspace, from the dashboard's stream. The cards and the list use the same
// data, so that their numbers agree.

import { useEffect, useMemo, useState } from "./vendor/preact.js";
import { healthOf, statusOf } from "./status.js";
import { useStream } from "./use.js";

// Prepares rows for search, filter and sort once, and not at each keystroke.
function indexed(row) {
  const newest = row.latest_update ?? undefined;
  const creator = row.creator ?? "";
  const name = row.name ?? row.pipeline_id;
  return {
    row: { ...row, name },
    id: row.pipeline_id,
    status: statusOf(row),
    health: healthOf(row),
    name: name.toLowerCase(),
    creator: creator.toLowerCase(),
    started: newest?.creation_time ?? "",
    text: `${name} ${creator} ${row.run_as ?? ""} ${row.pipeline_id}`.toLowerCase(),
  };
}

/** Listens while `active`. Returns {data, items, state, again}; `data` is undefined before the first
 * answer. */
export function useFleet(profile, active) {
  const [data, set] = useState();
  const path = active ? "dlt/dashboard/stream" : null;
  const [state, again] = useStream(path, { profile }, (event) => {
    if (event.type === "dashboard") {
      set(event.data);
    }
  });
  useEffect(() => set(undefined), [profile]);
  const items = useMemo(() => data && data.pipelines.map(indexed), [data]);
  return { data, items, state, again };
}
