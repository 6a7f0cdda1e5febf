// All pipelines of the workspace, as the dashboard's stream tells them: the cards and the list
// show the same data, so their numbers agree.

import { useEffect, useMemo, useState } from "./vendor/preact.js";
import { healthOf, statusOf } from "./status.js";
import { useStream } from "./use.js";

// What search, filter and sort look at, once for each row and not once for each keystroke.
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

/** Listens while `active`. Answers {data, items, state, again}; data is undefined until the
 * first answer has come. */
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
