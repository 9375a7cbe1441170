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
 * @typedef {object} Statistics  In metres, or in the unit of what was counted; of `count` pixels.
 * @property {number} min @property {number} mean @property {number} max @property {number} count
 */

/** Stands for "no distance": two depths that are there are never so far apart. */
export const NO_DISTANCE = 65535;

/**
 * Differences of depth `b` to reference `a`, in 1/256 m: b − a. A pixel without data in either holds `NO_DIFFERENCE`.
 * @param {DepthPicture} a @param {DepthPicture} b @param {Int32Array} [out]  as long as the pictures
 */
export function depthDifference({ values: from }, { values: to }, out = new Int32Array(from.length)) {
  for (let i = 0; i < out.length; i++) {
    const p = from[i];
    const q = to[i];
    out[i] = p === 0 || q === 0 ? NO_DIFFERENCE : q - p;
  }
  return out;
}

/**
 * How far depths are apart, in 1/256 m: |b − a|. A pixel without data in either holds `NO_DISTANCE`.
 * @param {DepthPicture} a @param {DepthPicture} b @param {Uint16Array} [out]  as long as the pictures
 */
export function depthDistance({ values: from }, { values: to }, out = new Uint16Array(from.length)) {
  for (let i = 0; i < out.length; i++) {
    const p = from[i];
    const q = to[i];
    out[i] = p === 0 || q === 0 ? NO_DISTANCE : q >= p ? q - p : p - q;
  }
  return out;
}

/**
 * What a picture says at one pixel, in metres; NaN without data.
 * @param {DepthPicture} picture @param {number} x @param {number} y
 */
export function depthAt(picture, x, y) {
  const value = picture.values[y * picture.width + x];
  return value ? value / DEPTH_SCALE : NaN;
}
