/**
 * Asking again while the server can't be reached: quietly, and less and less often.
 */

const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;

export class Patience {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #pauseMs = FIRST_MS;
  #page;

  /** @param {{lost: () => boolean, ask: () => void}} page  `lost`: something couldn't be reached, and is wanted. */
  constructor(page) {
    this.#page = page;
  }

  /** Something arrived or failed: ask again after a pause, or stop when nothing is lost any more. */
  check() {
    if (!this.#page.lost()) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#pauseMs = FIRST_MS;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MS);
      if (this.#page.lost()) this.#page.ask();
    }, this.#pauseMs);
  }
}
