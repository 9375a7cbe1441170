/**
 * Which way a comparison may be off where sources cut depth off: the real depth of such a pixel is at least the stored
 * one. Pure.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Counting } from "./errors.js"
 *
 * @typedef {object} Open
 * @property {boolean} above  Some pixels may really have a higher value.
 * @property {boolean} below
 */
import { eachCounted } from "./errors.js";

/**
 * For a difference b − a, also a relative one: the pixels that count and have both depths.
 * @param {DepthPicture[]} pictures  b, then a @param {number[]} ends  Stored depths from here on are cut off.
 * @param {Counting} counting @returns {Open}
 */
export function openDifference([{ values: own }, { values: reference }], [ownEnd, referenceEnd], counting) {
  const open = { above: false, below: false };
  eachCounted(counting, (i) => {
    if (own[i] === 0 || reference[i] === 0) return;
    open.above ||= own[i] >= ownEnd;
    open.below ||= reference[i] >= referenceEnd;
  });
  return open;
}

/**
 * For a gain |baseline − truth| − |b − truth|.
 * @param {DepthPicture[]} pictures  b, the baseline, the truth @param {number[]} ends @param {Counting} counting
 * @returns {Open}
 */
export function openGain([{ values: own }, { values: base }, { values: truth }], ends, counting) {
  const open = { above: false, below: false };
  eachCounted(counting, (i) => {
    const [b, a, t] = [own[i], base[i], truth[i]];
    if (b === 0 || a === 0 || t === 0) return;
    const [ownCut, baseCut, truthCut] = [b >= ends[0], a >= ends[1], t >= ends[2]];
    const farther = b - a - (Math.abs(a - t) - Math.abs(b - t)); // with a truth beyond both, the gain is b − a
    const both = truthCut && (ownCut || baseCut);
    open.below ||= both || ownCut || (baseCut && t > a) || (truthCut && farther < 0);
    open.above ||= both || baseCut || (ownCut && t > b) || (truthCut && farther > 0);
  });
  return open;
}
