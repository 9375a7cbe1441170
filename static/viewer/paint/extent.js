/**
 * From where to where depth goes in pictures; pure.
 *
 * @import { DepthPicture } from "../state/types.js"
 */
import { DEPTH_SCALE } from "./depth.js";

/**
 * The depths in metres that leave out a share of the pixels at either end, 0 = none; null without any depth.
 * What is stored as "farther than can be stored" does not count.
 * @param {readonly DepthPicture[]} pictures @param {number} share @returns {[number, number]|null}
 */
export function extentOf(pictures, share) {
  const counts = new Uint32Array(65535);
  for (const { values } of pictures) for (let i = 0; i < values.length; i++) counts[values[i]]++;
  counts[0] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = (/** @type {number} */ from, /** @type {number} */ step) => {
    let left = Math.floor(share * total);
    let at = from;
    while (counts[at] <= left) {
      left -= counts[at];
      at += step;
    }
    return at / DEPTH_SCALE;
  };
  return [rank(1, 1), rank(65534, -1)];
}
