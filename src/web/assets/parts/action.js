// An action: it runs only once at a time, with progress and failure.

import { html, useCallback, useRef, useState } from "../vendor/preact.js";
import { run } from "../api.js";
import { announce } from "./announce.js";

/** Returns {busy, progress, fault, result, start(path, body)}; `start` returns the result, too. */
export function useAction() {
  const [state, set] = useState({});
  const underWay = useRef(false);
  const start = useCallback(async (path, body) => {
    if (underWay.current) {
      return undefined;
    }
    underWay.current = true;
    set({ busy: true });
    try {
      const result = await run(path, body, {
        onProgress: (progress) => set((old) => ({ ...old, progress })),
      });
      set({ result });
      return result;
    } catch (fault) {
      set({ fault });
      announce(`It failed: ${fault.message}`);
      return undefined;
    } finally {
      underWay.current = false;
    }
  }, []);
  const reset = useCallback(() => set({}), []);
  return { ...state, start, reset };
}

export function ActionProgress({ action, what }) {
  const { done, total, what: step } = action.progress ?? {};
  return action.busy && html`<div class="progress-line" role="status">
    <progress max=${total || undefined} value=${total ? done : undefined}
      aria-label=${what}></progress>
    <span class="dim">${step ?? what}${total ? `, ${done} of ${total}` : ""}</span></div>`;
}
