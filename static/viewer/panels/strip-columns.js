/**
 * What the filmstrip draws: one column for each frame, or for several where there are more frames than room. Pure.
 *
 * @typedef {object} Column
 * @property {number} error  the largest of its frames, NaN where none is known
 * @property {boolean} favorite  one of its frames is a favourite
 */

/**
 * @param {readonly number[]} walk  numbers of frames @param {Float64Array} errors  by number of the frame
 * @param {ReadonlySet<number>} favorites @param {number} most  columns that there is room for
 * @returns {Column[]}
 */
export function columnsOf(walk, errors, favorites, most) {
  const count = Math.max(1, Math.min(walk.length, Math.floor(most)));
  /** @type {Column[]} */
  const columns = Array.from({ length: count }, () => ({ error: NaN, favorite: false }));
  walk.forEach((index, i) => {
    const column = columns[Math.floor((i * count) / walk.length)];
    if (!(errors[index] <= column.error))
      column.error = Number.isNaN(errors[index]) ? column.error : errors[index];
    column.favorite ||= favorites.has(index);
  });
  return columns;
}

/**
 * The frames with the smallest and the largest error; null where none is known.
 * @param {readonly number[]} walk @param {Float64Array} errors
 */
export function extremesOf(walk, errors) {
  let [best, worst] = [-1, -1];
  for (const index of walk) {
    if (Number.isNaN(errors[index])) continue;
    if (best < 0 || errors[index] < errors[best]) best = index;
    if (worst < 0 || errors[index] > errors[worst]) worst = index;
  }
  return best < 0 ? null : { best, worst };
}
