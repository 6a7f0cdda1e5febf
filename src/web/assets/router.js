// The address of a view: a path and a query after "#", so that every view has a link.
//   #/pipelines?status=failed&profile=demo    #/pipelines/ID/events?level=ERROR

import { useEffect, useState } from "./vendor/preact.js";

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The workspace that the address names; undefined: the server's default. */
export function profile() {
  return read().query.profile;
}

/** A link to a view, in the same workspace unless the query names another. */
export function href(parts, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, profile: query.profile ?? profile() })) {
    if (value !== undefined && value !== null && value !== "") {
      params.set(name, value);
    }
  }
  const text = params.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(parts, query) {
  location.hash = href(parts, query);
}

/** Change the query of this view without a new entry in the browser's history. */
export function refine(changes) {
  const { parts, query } = read();
  history.replaceState(null, "", href(parts, { ...query, ...changes }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute() {
  const [route, set] = useState(read);
  useEffect(() => {
    const update = () => set(read());
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}
