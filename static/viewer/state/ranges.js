/**
 * What the ends of colours can be, in metres. Pure.
 *
 * @import { Scale } from "./types.js"
 */
import { FARTHEST_M } from "../paint/depth.js";
import { clamp } from "./targets.js";

/** Colours end here at the latest: stored depth reaches no farther. */
export const MOST_M = Math.floor(FARTHEST_M * 100) / 100;

/** Ends closer than this share of the farther one can't be told apart. */
const CLOSEST = 0.01;

/** A logarithmic or inverse scale from a smaller share of its end on would have hardly a colour for what is far. */
const LEAST_BEGIN = 1 / 1000;

/** Colours as chosen, within what can be stored. @param {[number, number]} range @returns {[number, number]|null} */
export function rangeWithin([min, max]) {
  const end = Math.min(max, MOST_M);
  return min < end ? [min, end] : null;
}

/** The begin of a scale of such a spread, if `least` was chosen. @param {number} least @param {number} max @param {Scale["spread"]} spread */
export const beginOf = (least, max, spread) =>
  spread !== "linear" && least < max * LEAST_BEGIN ? max / 80 : least;

/**
 * The ends after one of them was moved, as far as it can be.
 * @param {Scale} scale @param {"min"|"max"} end @param {number} value @returns {[number, number]}
 */
export function withEnd({ min, max, spread }, end, value) {
  const round = (/** @type {number} */ number) => Number(number.toPrecision(4));
  if (end === "max") return [min, clamp(Math.max(value, round(min + CLOSEST * max)), MOST_M)];
  const least = spread === "linear" ? 0 : round(max * LEAST_BEGIN * 1.001);
  return [Math.max(least, Math.min(value, round(max * (1 - CLOSEST)))), max];
}

/** End of symmetric or absolute difference colours after an end was moved. @param {number} value */
export const differenceEnd = (value) => Math.min(Math.max(Math.abs(value), 0.01), MOST_M);
