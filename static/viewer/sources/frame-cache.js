/**
 * Pictures by key, with one rule: only what is wanted now is loaded. `want` replaces the list of wanted keys.
 * Loads that are no longer on it are aborted and can't arrive late, so an old frame never overwrites a newer one.
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

/** @template T */
export class FrameCache {
  /** @type {Map<string, Settled<T>>} least recently wanted first */
  #settled = new Map();
  /** @type {Map<string, AbortController>} */
  #loading = new Map();
  /** @type {Wish<T>[]} most urgent first */
  #wishes = [];
  /** @type {string|null} a failure that is being loaded again, and stands until there is news */
  #probed = null;
  #bytes = 0;
  #options;

  /**
   * @param {object} options
   * @param {number} options.maxBytes
   * @param {(value: T) => number} options.sizeOf  bytes
   * @param {(value: T) => void} [options.dispose]  called when a value leaves
   * @param {(key: string) => void} options.onSettled
   */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Load these, in this order, and give up everything else that is under way.
   * @param {Wish<T>[]} next
   */
  want(next) {
    this.#wishes = next;
    const keys = new Set(next.map((wish) => wish.key));
    for (const [key, controller] of this.#loading) {
      if (keys.has(key)) continue;
      controller.abort();
      this.#loading.delete(key);
    }
    for (const { key } of next) {
      const outcome = this.#settled.get(key);
      if (!outcome) continue;
      this.#settled.delete(key); // a Map keeps the order of insertion: to the end with it
      this.#settled.set(key, outcome);
    }
    this.#pump();
  }

  /** What is known about a key, or null while nothing is. @param {string} key @returns {Settled<T>|null} */
  peek(key) {
    return this.#settled.get(key) ?? null;
  }

  /** @param {string} key */
  forget(key) {
    const outcome = this.#settled.get(key);
    this.#settled.delete(key);
    if (outcome?.state !== "done") return;
    this.#bytes -= this.#options.sizeOf(outcome.value);
    this.#options.dispose?.(outcome.value);
  }

  /** Forget every failure, also of what is not wanted now, and load again what is. */
  retry() {
    for (const [key, { state }] of this.#settled) if (state === "failed") this.#settled.delete(key);
    this.#pump();
  }

  /** Whether something that is wanted has failed in this way. @param {(error: unknown) => boolean} suits */
  hasFailed(suits) {
    return this.#failure(suits) !== undefined;
  }

  /** Load one such failure again. If it arrives, all are loaded again. @param {(error: unknown) => boolean} suits */
  probe(suits) {
    const wish = this.#failure(suits);
    if (!wish || this.#loading.has(wish.key)) return;
    this.#probed = wish.key;
    this.#start(wish);
  }

  /** @param {(error: unknown) => boolean} suits */
  #failure(suits) {
    return this.#wishes.find(({ key }) => {
      const outcome = this.#settled.get(key);
      return outcome?.state === "failed" && suits(outcome.error);
    });
  }

  #pump() {
    for (const wish of this.#wishes) {
      if (this.#loading.size >= PARALLEL) return;
      if (!this.#settled.has(wish.key) && !this.#loading.has(wish.key)) this.#start(wish);
    }
  }

  /** @param {Wish<T>} wish */
  async #start({ key, load }) {
    const controller = new AbortController();
    this.#loading.set(key, controller);
    /** @type {Settled<T>} */
    let outcome;
    try {
      outcome = { state: "done", value: await load(controller.signal) };
    } catch (error) {
      outcome = { state: "failed", error };
    }
    // The same key may have been given up and wanted again meanwhile: then another load holds the place.
    if (this.#loading.get(key) === controller) this.#loading.delete(key);
    const givenUp = controller.signal.aborted || (outcome.state === "failed" && isAbort(outcome.error));
    if (!givenUp) this.#keep(key, outcome);
    else if (outcome.state === "done") this.#options.dispose?.(outcome.value);
    if (this.#probed === key) {
      this.#probed = null;
      if (outcome.state === "done") this.retry();
    }
    this.#pump();
  }

  /** @param {string} key @param {Settled<T>} outcome */
  #keep(key, outcome) {
    this.#settled.set(key, outcome);
    if (outcome.state === "done") this.#bytes += this.#options.sizeOf(outcome.value);
    const wanted = new Set(this.#wishes.map((wish) => wish.key));
    for (const [old] of this.#settled) {
      if (this.#bytes <= this.#options.maxBytes) break;
      if (!wanted.has(old)) this.forget(old);
    }
    this.#options.onSettled(key);
  }
}
