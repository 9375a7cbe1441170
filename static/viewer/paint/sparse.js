/**
 * Pictures with depth in few pixels, as a laser measures it; pure.
 *
 * @import { Picture } from "../state/types.js"
 */

/** A picture with depth in a smaller share of its pixels is sparse. */
const SPARSE_SHARE = 0.3;

/** @type {WeakMap<Picture, Uint32Array|null>} */
const known = new WeakMap();

/** Where a sparse picture holds depth, y × width + x; null for all others. @param {Picture} picture */
export function returnsOf(picture) {
  if (picture.unit !== "m") return null;
  let returns = known.get(picture);
  if (returns === undefined) known.set(picture, (returns = fewValues(picture.values)));
  return returns;
}

/** @param {Uint16Array} values */
function fewValues(values) {
  const limit = SPARSE_SHARE * values.length;
  let count = 0;
  for (let i = 0; i < values.length && count < limit; i++) if (values[i] !== 0) count++;
  if (count === 0 || count >= limit) return null; // most pictures end here, early
  const at = new Uint32Array(count);
  for (let i = 0, k = 0; k < count; i++) if (values[i] !== 0) at[k++] = i;
  return at;
}

/**
 * The pixel with depth that is nearest to a pixel; null when none lies within `reach` pixels.
 * @param {{width: number, height: number, values: Uint16Array}} picture
 * @param {number} x @param {number} y @param {number} reach
 * @returns {{x: number, y: number}|null}
 */
export function nearestReturn({ width, height, values }, x, y, reach) {
  let best = null;
  let least = reach * reach;
  const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(height - 1, Math.floor(y + reach))];
  const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(width - 1, Math.floor(x + reach))];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const distance = (row - y) ** 2 + (column - x) ** 2;
      if (values[row * width + column] === 0 || distance > least || (best && distance === least)) continue;
      best = { x: column, y: row };
      least = distance;
    }
  }
  return best;
}
