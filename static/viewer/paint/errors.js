/**
 * What follows from several depths at each pixel, beside their difference; pure. Stored depths are whole numbers of
 * 1/256 m and 0 means "no data"; a pixel without data in any of the pictures has no result.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Box } from "./boxes.js"
 * @import { Statistics } from "./depth.js"
 */
import { DEPTH_SCALE, NO_DIFFERENCE } from "./depth.js";

/** Relative differences are stored in steps of 1 / this, for their colours, which end at ±1: twice as far, or at the camera. */
export const RATIO_SCALE = 65536;

/** Is below every relative difference. */
export const NO_RATIO = -RATIO_SCALE - 1;

/** Classes of δ: 1 = within 1.25, 2 = within 1.25², 3 = within 1.25³, 4 = beyond; 0 = no data. */
export const DELTA = 1.25;

/** (b − a) / a in steps of 1 / 65,536. @param {DepthPicture} a @param {DepthPicture} b */
export function relativeDifference({ values: from }, { values: to }) {
  const out = new Int32Array(from.length);
  for (let i = 0; i < out.length; i++) {
    const [p, q] = [from[i], to[i]];
    if (p === 0 || q === 0) out[i] = NO_RATIO;
    else out[i] = q >= 2 * p ? RATIO_SCALE : Math.round((RATIO_SCALE * (q - p)) / p);
  }
  return out;
}

/** Class of max(a/b, b/a) at each pixel. @param {DepthPicture} a @param {DepthPicture} b */
export function deltaClasses({ values: from }, { values: to }) {
  const out = new Uint8Array(from.length);
  for (let i = 0; i < out.length; i++) {
    const [p, q] = [from[i], to[i]];
    if (p === 0 || q === 0) continue;
    const [least, most] = p < q ? [p, q] : [q, p];
    // Whole numbers, so that a factor of exactly 1.25 is not within.
    if (4 * most < 5 * least) out[i] = 1;
    else if (16 * most < 25 * least) out[i] = 2;
    else out[i] = 64 * most < 125 * least ? 3 : 4;
  }
  return out;
}

/**
 * By how much b is nearer to the truth than the baseline is, in 1/256 m: |baseline − truth| − |b − truth|.
 * @param {DepthPicture} baseline @param {DepthPicture} truth @param {DepthPicture} b
 */
export function depthGain({ values: base }, { values: truth }, { values: own }) {
  const out = new Int32Array(truth.length);
  for (let i = 0; i < out.length; i++) {
    const t = truth[i];
    const known = t !== 0 && base[i] !== 0 && own[i] !== 0;
    out[i] = known ? Math.abs(base[i] - t) - Math.abs(own[i] - t) : NO_DIFFERENCE;
  }
  return out;
}

/**
 * @typedef {object} Counting  Which pixels count.
 * @property {DepthPicture} reference  A pixel counts when the depth here lies strictly between the cap's ends.
 * @property {Box} box @property {readonly [number, number]} cap  metres
 */

/** The cap in stored numbers: those from `first` to `last` lie strictly inside. @param {readonly [number, number]} cap */
export function storedCap([min, max]) {
  return {
    first: Math.max(1, Math.floor(min * DEPTH_SCALE) + 1),
    last: Math.min(65535, Math.ceil(max * DEPTH_SCALE) - 1),
  };
}

/** Does something at each pixel that counts. @param {Counting} counting @param {(at: number) => void} visit */
export function eachCounted({ reference, box, cap }, visit) {
  const { first, last } = storedCap(cap);
  const depths = reference.values;
  for (let y = box.top; y < box.top + box.height; y++) {
    const end = y * reference.width + box.left + box.width;
    for (let i = end - box.width; i < end; i++) if (depths[i] >= first && depths[i] <= last) visit(i);
  }
}

/**
 * Statistics of (b − a) / a, from the depths themselves: what is stored for colours is cut at their ends.
 * @param {DepthPicture} a @param {DepthPicture} b @param {Counting} counting @returns {Statistics|null}
 */
export function ratioStatistics({ values: from }, { values: to }, counting) {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  eachCounted(counting, (i) => {
    if (from[i] === 0 || to[i] === 0) return;
    const share = to[i] / from[i] - 1;
    min = Math.min(min, share);
    max = Math.max(max, share);
    sum += share;
    count++;
  });
  return count ? { min, mean: sum / count, max, count } : null;
}

/**
 * Statistics of the values at the pixels that count; null when none does.
 * @param {Int32Array|Uint16Array} values @param {number} none  what stands for no value @param {number} perUnit
 * @param {Counting} counting @returns {Statistics|null}
 */
export function countedStatistics(values, none, perUnit, { reference, box, cap }) {
  const { first, last } = storedCap(cap);
  const depths = reference.values;
  let [min, max, sum, count] = [0x7fffffff, -0x80000000, 0, 0];
  for (let y = box.top; y < box.top + box.height; y++) {
    const end = y * reference.width + box.left + box.width;
    let rowSum = 0; // a whole number of 32 bits, which is faster than `sum`
    for (let i = end - box.width; i < end; i++) {
      const value = values[i];
      const depth = depths[i];
      if (value === none || depth < first || depth > last) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      rowSum += value;
      count++;
    }
    sum += rowSum;
  }
  if (count === 0) return null;
  return { min: min / perUnit, mean: sum / count / perUnit, max: max / perUnit, count };
}

/** How many pixels that count are in each class of δ: entry 0 is without data. @param {Uint8Array} classes @param {Counting} counting */
export function countedClasses(classes, counting) {
  const counts = [0, 0, 0, 0, 0];
  eachCounted(counting, (i) => {
    counts[classes[i]]++;
  });
  return counts;
}
