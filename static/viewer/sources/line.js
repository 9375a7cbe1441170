/**
 * Who waits for the server: one after another, in order, but who is preferred comes next.
 *
 * @template T
 */
export class Line {
  /** @type {T[]} */
  #waiting = [];
  /** @type {T|null} */
  #served = null;
  /** @type {T|null} */
  #preferred = null;
  #serve;

  /** @param {(next: T) => Promise<void>} serve */
  constructor(serve) {
    this.#serve = serve;
  }

  /** Stand in the line, once; who is being served comes again. @param {T} one */
  add(one) {
    if (!this.#waiting.includes(one)) this.#waiting.push(one);
    this.#next();
  }

  /** Who comes next as soon as it waits; null: nobody before others. @param {T|null} one */
  prefer(one) {
    this.#preferred = one;
  }

  /** @param {T} one */
  leave(one) {
    this.#waiting = this.#waiting.filter((other) => other !== one);
  }

  #next() {
    if (this.#served !== null) return;
    const next = this.#waiting.find((one) => one === this.#preferred) ?? this.#waiting[0];
    if (next === undefined) return;
    this.leave(next);
    this.#served = next;
    this.#serve(next).finally(() => {
      this.#served = null;
      this.#next();
    });
  }
}
