/**
 * Asks for the errors of the frames, as far as somebody looks at them, until all are there. Errors come while the
 * server makes them, so nothing waits for them.
 *
 * @import { Store } from "../state/store.js"
 * @import { Source } from "./source.js"
 */
import { sameQuery, scoresWanted } from "../state/scores.js";
import { isAbort, pause } from "./http.js";

/** Between two questions while errors come, and after a failure. */
const REST_MS = 700;
const FAILED_MS = 5000;

const NOTHING = Object.freeze({ first: 0, done: 0, scores: {} });

/**
 * @param {Store} store
 * @param {(id: string|null) => Source} sourceOf
 * @param {() => Promise<void>} [shown]  Once the frame on show is complete; errors are asked for after its pictures.
 */
export function followScores(store, sourceOf, shown = async () => {}) {
  let asking = new AbortController();
  /** @type {ReturnType<typeof scoresWanted>} */
  let asked = null;

  const look = () => {
    const wanted = document.hidden ? null : scoresWanted(store.get());
    if (sameQuery(wanted, asked)) return;
    asking.abort();
    asking = new AbortController();
    asked = wanted;
    if (wanted) follow(wanted, asking.signal);
  };
  store.subscribe(look);
  document.addEventListener("visibilitychange", look);

  /** @param {NonNullable<typeof asked>} query @param {AbortSignal} signal */
  async function follow(query, signal) {
    await shown();
    while (!signal.aborted) {
      const { gallery, scores } = store.get();
      const ask = sourceOf(gallery?.id ?? null).scores;
      if (!ask) return store.dispatch({ type: "scores/part", query, part: { ...NOTHING, of: 0 } });
      const known = scores && sameQuery(scores.query, query) ? scores.done : 0;
      if (scores && known > 0 && known === scores.of) return;
      try {
        const part = await ask(query, known, signal);
        const anew = part.first > part.done; // the server has begun again, because files changed
        store.dispatch({ type: "scores/part", query, part: anew ? { ...NOTHING, of: part.of } : part });
        if (!anew && part.done === part.of) return;
        await pause(part.done > known ? REST_MS / 4 : REST_MS, signal);
      } catch (error) {
        if (isAbort(error)) return;
        await pause(FAILED_MS, signal).catch(() => {});
        if (signal.aborted) return;
      }
    }
  }
}
