// Hooks that several views share.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { call, listen } from "./api.js";

/** Load data once for each key. `again` loads it again and keeps the old data meanwhile. A null path
 * loads nothing. Returns {data, fault, loading, again}. */
export function useLoad(path, query) {
  const [state, set] = useState({ loading: true });
  const [turn, setTurn] = useState(0);
  const key = path && JSON.stringify([path, query, location.hash.match(/profile=[^&]*/)?.[0]]);
  const shown = useRef();
  useEffect(() => {
    if (!key) {
      return undefined;
    }
    const stop = new AbortController();
    set((old) => (shown.current === key ? { ...old, loading: true } : { loading: true }));
    call(path, { query, signal: stop.signal }).then(
      (data) => { shown.current = key; set({ data }); },
      (fault) => fault.name !== "AbortError" && set((old) => ({ data: old.data, fault })),
    );
    return () => stop.abort();
  }, [key, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, again };
}

// True if the page is visible. A hidden page closes its streams: a browser has only six connections
// for each host.
function useVisible() {
  const [visible, set] = useState(!document.hidden);
  useEffect(() => {
    const update = () => set(!document.hidden);
    document.addEventListener("visibilitychange", update);
    return () => document.removeEventListener("visibilitychange", update);
  }, []);
  return visible;
}

/** Listen to a stream while the page is visible; later it continues after the last event. Returns
 * "connecting", "live" or a Fault, and a function that reconnects. */
export function useStream(path, query, onEvent) {
  const [state, set] = useState("connecting");
  const [turn, setTurn] = useState(0);
  const visible = useVisible();
  const handler = useRef();
  handler.current = onEvent;
  const key = path && JSON.stringify([path, query]);
  const heard = useRef({});
  useEffect(() => {
    if (!key || !visible) {
      return undefined;
    }
    const stop = new AbortController();
    set("connecting");
    listen(path, { query, signal: stop.signal, onState: set,
      last: heard.current.key === key ? heard.current.id : undefined,
      onEvent: (event) => {
        heard.current = { key, id: event.id ?? heard.current.id };
        handler.current(event);
      } });
    return () => stop.abort();
  }, [key, visible, turn]);
  return [state, useCallback(() => setTurn((n) => n + 1), [])];
}

/** The present time, updated every so many milliseconds. */
export function useNow(every) {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** True if a media query matches. */
export function useMedia(query) {
  const [matches, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => set(list.matches);
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}

/** The width and height of an element, updated when they change. */
export function useSize(ref) {
  const [size, set] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => set(entry.contentRect));
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return size;
}

/** Call `act` when `value` changes, but not for its first value. */
export function useChange(value, act) {
  const before = useRef();
  useEffect(() => {
    if (value !== undefined) {
      if (before.current !== undefined) {
        act();
      }
      before.current = value;
    }
  }, [value]);
}

/** Set the title of the browser's tab. */
export function useTitle(text) {
  useEffect(() => {
    document.title = `${text} · Tarn`;
  }, [text]);
}
