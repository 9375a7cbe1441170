/**
 * Pictures by key, with one rule: only what is wanted now is loaded. `want` replaces the list of wanted keys;
 * loads that dropped off it are aborted and can't arrive late, so nothing stale is ever painted.
 */
import { isAbort } from "./http.js";

/** Loads under way at once; browsers allow six connections per server. */
const PARALLEL = 6;

/**
 * @template T
 * @typedef {object} Wish
 * @property {string} key
 * @property {(signal: AbortSignal) => Promise<T>} load
 */

/**
 * @template T
 * @typedef {{state: "done", value: T} | {state: "failed", error: unknown}} Settled
 */

/**
 * @template T
 * @param {{maxBytes: number, sizeOf: (value: T) => number, dispose?: (value: T) => void, onSettled: (key: string) => void}} options
 */
export function createFrameCache({ maxBytes, sizeOf, dispose, onSettled }) {
  /** @type {Map<string, Settled<T>>} least recently wanted first */
  const settled = new Map();
  /** @type {Map<string, AbortController>} */
  const loading = new Map();
  /** @type {Wish<T>[]} most urgent first */
  let wishes = [];
  let bytes = 0;

  /** @param {Wish<T>} wish */
  async function start({ key, load }) {
    const controller = new AbortController();
    loading.set(key, controller);
    /** @type {Settled<T>} */
    let outcome;
    try {
      outcome = { state: "done", value: await load(controller.signal) };
    } catch (error) {
      outcome = { state: "failed", error };
    }
    if (loading.get(key) === controller) loading.delete(key);
    const givenUp = controller.signal.aborted || (outcome.state === "failed" && isAbort(outcome.error));
    if (givenUp) {
      if (outcome.state === "done") dispose?.(outcome.value);
    } else {
      keep(key, outcome);
      onSettled(key);
    }
    pump();
  }

  /** @param {string} key @param {Settled<T>} outcome */
  function keep(key, outcome) {
    settled.set(key, outcome);
    if (outcome.state === "done") bytes += sizeOf(outcome.value);
    const wanted = new Set(wishes.map((wish) => wish.key));
    for (const [old] of settled) {
      if (bytes <= maxBytes) break;
      if (!wanted.has(old)) forget(old);
    }
  }

  /** @param {string} key */
  function forget(key) {
    const outcome = settled.get(key);
    settled.delete(key);
    if (outcome?.state !== "done") return;
    bytes -= sizeOf(outcome.value);
    dispose?.(outcome.value);
  }

  function pump() {
    for (const wish of wishes) {
      if (loading.size >= PARALLEL) return;
      if (!settled.has(wish.key) && !loading.has(wish.key)) start(wish);
    }
  }

  return {
    /**
     * Load these, in this order, and give up everything else that is under way.
     * @param {Wish<T>[]} next
     */
    want(next) {
      wishes = next;
      const keys = new Set(next.map((wish) => wish.key));
      for (const [key, controller] of loading) {
        if (keys.has(key)) continue;
        controller.abort();
        loading.delete(key);
      }
      for (const { key } of next) {
        const outcome = settled.get(key);
        if (outcome) (settled.delete(key), settled.set(key, outcome));
      }
      pump();
    },
    /** What is known about a key, or null while it isn't. @param {string} key @returns {Settled<T>|null} */
    peek: (key) => settled.get(key) ?? null,
    forget,
    stats: () => ({ bytes, entries: settled.size, loading: loading.size }),
  };
}
