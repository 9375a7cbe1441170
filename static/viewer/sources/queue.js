/**
 * Jobs in order, a few at a time.
 */

export class Queue {
  /** @type {(() => Promise<void>)[]} */
  #waiting = [];
  #running = 0;
  #parallel;

  /** @param {number} parallel  jobs under way at once */
  constructor(parallel) {
    this.#parallel = parallel;
  }

  /**
   * The outcome of a job that starts when its turn comes.
   * @template T
   * @param {() => Promise<T>} job
   * @returns {Promise<T>}
   */
  add(job) {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => job().then(resolve, reject));
      this.#pump();
    });
  }

  #pump() {
    while (this.#running < this.#parallel && this.#waiting.length) {
      this.#running++;
      this.#waiting
        .shift()?.()
        .finally(() => {
          this.#running--;
          this.#pump();
        });
    }
  }
}
