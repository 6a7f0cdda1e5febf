// Hooks that several views share.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { call, listen } from "./api.js";

/** Load once for each key; `again` repeats it and keeps what is shown meanwhile. A null path
 * loads nothing. Answers {data, fault, loading, again}. */
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

// Is the page in sight? A hidden one gives its connections back: a browser has six a host.
function useVisible() {
  const [visible, set] = useState(!document.hidden);
  useEffect(() => {
    const update = () => set(!document.hidden);
    document.addEventListener("visibilitychange", update);
    return () => document.removeEventListener("visibilitychange", update);
  }, []);
  return visible;
}

/** Listen to a stream while the page is in sight, and then go on behind what was heard. Answers
 * "connecting", "live" or a Fault, and a function that connects anew. */
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

/** The time, again every so many milliseconds. */
export function useNow(every) {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** Does a media query hold? */
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

/** Width and height of an element, as they change. */
export function useSize(ref) {
  const [size, set] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => set(entry.contentRect));
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return size;
}

/** Call `act` when `value` is no more what it was; not for its first value. */
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

/** The title of the browser's tab. */
export function useTitle(text) {
  useEffect(() => {
    document.title = `${text} · Tarn`;
  }, [text]);
}
