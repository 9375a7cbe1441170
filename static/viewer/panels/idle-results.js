/**
 * What is computed from two pictures once the page rests, one after the other while it is idle, and kept with the first
 * of them.
 *
 * @import { DepthPicture } from "../state/types.js"
 */

/** A page that has not changed for so long rests: nobody reads numbers while walking. */
const REST_MS = 120;
/** At the latest then the next one is computed, however busy the page is. */
const PATIENCE_MS = 400;

/** @template T */
export class IdleResults {
  /** @type {WeakMap<DepthPicture, Map<string, {against: DepthPicture, result: T}>>} */
  #known = new WeakMap();
  /** @type {(() => void)[]} what is missing for the page as it is now */
  #work = [];

  /** @param {() => void} again  called when something was computed */
  constructor(again) {
    this.again = again;
  }

  /** What was missing before is no longer asked for. */
  begin() {
    this.#work = [];
  }

  /** Whether something is still to be computed. */
  isWaiting() {
    return this.#work.length > 0;
  }

  /**
   * Null until it is computed.
   * @param {DepthPicture} own @param {DepthPicture} against
   * @param {string} key  what else the result depends on @param {() => T} compute
   * @returns {T|null}
   */
  get(own, against, key, compute) {
    const kept = this.#known.get(own) ?? new Map();
    this.#known.set(own, kept);
    const found = kept.get(key);
    if (found?.against === against) return found.result;
    this.#work.push(() => kept.set(key, { against, result: compute() }));
    return null;
  }

  /** What is missing, unless the page changes meanwhile. */
  computeLater() {
    const work = this.#work;
    if (work.length === 0) return;
    const step = () => {
      if (work !== this.#work) return;
      work.shift()?.();
      if (work.length) whenIdle(step);
      else this.again();
    };
    setTimeout(() => whenIdle(step), REST_MS);
  }
}

/** Not every browser tells when it is idle. @param {() => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: PATIENCE_MS });
  else setTimeout(run, 50);
}
