/**
 * Work for when the page rests: nobody waits for it, and a key comes first.
 */

/** A page that has not changed for so long rests: nobody reads numbers while walking. */
const REST_MS = 120;
/** At the latest then the next piece is done, however busy the page is. */
const PATIENCE_MS = 400;
/** Then so much is done at once, because the page may stay busy. */
const LATE_MS = 40;
/** No piece takes longer; with less time left it would delay the next picture of the screen. */
const PIECE_MS = 10;

export class Leisure {
  /** @type {(() => void)[]} */
  #work = [];

  /** Do these pieces in their order, in place of what is left of others. @param {(() => void)[]} work @param {() => void} [done] */
  spend(work, done = () => {}) {
    this.#work = work;
    if (work.length === 0) return;
    const step = (/** @type {IdleDeadline|undefined} */ deadline) => {
      if (work !== this.#work) return;
      const late = deadline?.didTimeout ? performance.now() + LATE_MS : 0;
      const hasTime = () => performance.now() < late || (deadline?.timeRemaining() ?? 0) > PIECE_MS;
      do work.shift()?.();
      while (work.length && hasTime());
      if (work.length) whenIdle(step);
      else done();
    };
    setTimeout(() => work === this.#work && whenIdle(step), REST_MS);
  }
}

/** Not every browser tells when it is idle. @param {(deadline?: IdleDeadline) => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: PATIENCE_MS });
  else setTimeout(run, 50);
}
