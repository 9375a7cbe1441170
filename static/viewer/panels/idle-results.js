/**
 * What is computed from two pictures once the page rests, one after the other while it is idle, and kept with the first
 * of them.
 *
 * @import { DepthPicture } from "../state/types.js"
 */

import { Leisure } from "./leisure.js";

/** @template T */
export class IdleResults {
  /** @type {WeakMap<DepthPicture, Map<string, {against: DepthPicture, result: T}>>} */
  #known = new WeakMap();
  /** @type {(() => void)[]} what is missing for the page as it is now */
  #missing = [];
  #leisure = new Leisure();

  /** @param {() => void} again  called when something was computed */
  constructor(again) {
    this.again = again;
  }

  /** What was missing before is no longer asked for. */
  begin() {
    this.#missing = [];
  }

  /** Whether something is still to be computed. */
  isWaiting() {
    return this.#missing.length > 0;
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
    this.#missing.push(() => kept.set(key, { against, result: compute() }));
    return null;
  }

  /** What is missing, unless the page changes meanwhile. */
  computeLater() {
    this.#leisure.spend(this.#missing, this.again);
  }
}
