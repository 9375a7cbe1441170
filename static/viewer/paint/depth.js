/**
 * Arithmetic on depth; pure. Depth travels as whole numbers of 1/256 m, where 0 means "no data".
 *
 * @import { DepthPicture } from "../state/types.js"
 */

/** Stored whole numbers per metre. */
export const DEPTH_SCALE = 256;

/** The largest depth that can be stored, in metres: it stands for all that is farther, too. */
export const FARTHEST_M = 65535 / DEPTH_SCALE;

/** Can't be a difference of two 16-bit numbers, and is below all of them. */
export const NO_DIFFERENCE = -65536;

/**
 * @typedef {object} Statistics  In metres; `share` of the pixels has a difference.
 * @property {number} min @property {number} mean @property {number} max @property {number} share
 */

/**
 * Differences of depth `b` to reference `a`, in 1/256 m: b − a, or |b − a| unless `signed`, and their statistics
 * (null when no pixel has one). A pixel without data in either has no difference: it holds `NO_DIFFERENCE`.
 * @param {DepthPicture} a @param {DepthPicture} b @param {boolean} signed
 * @returns {{values: Int32Array, statistics: Statistics|null}}
 */
export function depthDifference(a, b, signed) {
  const [from, to, values] = [a.values, b.values, new Int32Array(a.values.length)];
  let [min, max, sum, count] = [65536, -65536, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const p = from[i];
    const q = to[i];
    if (p === 0 || q === 0) {
      values[i] = NO_DIFFERENCE;
      continue;
    }
    const value = signed || q >= p ? q - p : p - q;
    values[i] = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
  }
  const s = DEPTH_SCALE;
  const statistics = count
    ? { min: min / s, mean: sum / count / s, max: max / s, share: count / values.length }
    : null;
  return { values, statistics };
}

/**
 * What a picture says at one pixel, in metres; NaN without data.
 * @param {DepthPicture} picture @param {number} x @param {number} y
 */
export function depthAt(picture, x, y) {
  const value = picture.values[y * picture.width + x];
  return value ? value / DEPTH_SCALE : NaN;
}
