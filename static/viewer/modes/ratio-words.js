/**
 * How modes write what has no metres: shares and factors, never as if more were known than the source says. Pure.
 *
 * @import { Open } from "../paint/bounds.js"
 * @import { Ends, Span, Trust } from "./words.js"
 */
import { DELTA } from "../paint/errors.js";
import { beyondWords, spanOf, UNKNOWN } from "./words.js";

/** Precisions below this share are not worth mentioning. */
const FINE = 0.0005;

/** A share in per cent with its sign. @param {number} share @param {number} [decimals] */
export function percent(share, decimals = 1) {
  const text = (100 * share).toFixed(decimals);
  if (Number(text) === 0) return `${text.replace("-", "")} %`;
  return `${share > 0 ? "+" : ""}${text.replace("-", "−")} %`;
}

/** A share that may really be higher or lower. @param {number} share @param {Open} open */
export function boundedPercent(share, { above, below }) {
  if (above && below) return UNKNOWN;
  return `${above ? "≥ " : below ? "≤ " : ""}${percent(share)}`;
}

/** What the ratio b / a may really be. @param {[number, number]} depths  b, then a @param {Trust[]} methods @returns {Span} */
function ratioSpan([own, reference], methods) {
  const [b, a] = [spanOf(own, methods[0]), spanOf(reference, methods[1])];
  return {
    least: a.most === Infinity ? 0 : Math.max(0, b.least) / a.most,
    most: b.most === Infinity || a.least <= 0 ? Infinity : b.most / a.least,
  };
}

/**
 * How far b is from a in per cent of a.
 * @param {[number, number]} depths  b, then a @param {Trust[]} methods @param {Ends} [scale]  the colours that show it
 */
export function relativeWords(depths, methods, scale = null) {
  const share = depths[0] / depths[1] - 1;
  if (Number.isNaN(share)) return "no data";
  const { least, most } = ratioSpan(depths, methods);
  if (most === Infinity && least === 0) return UNKNOWN;
  const beyond = beyondWords(100 * share, scale && { min: 100 * scale.min, max: 100 * scale.max }, "%");
  if (most === Infinity) return `≥ ${percent(least - 1)}${beyond}`;
  if (least === 0) return `≤ ${percent(most - 1)}${beyond}`;
  const precision = (most - least) / 2;
  const about = precision >= FINE ? ` ±${(100 * precision).toFixed(1)}` : "";
  return percent(share).replace(" %", `${about} %`) + beyond;
}

/** Whether two depths are within a factor of 1.25; null where that is not known. @param {[number, number]} depths  b, then a @param {Trust[]} methods */
export function isWithin(depths, methods) {
  const ratio = depths[0] / depths[1];
  const { least, most } = ratioSpan(depths, methods);
  const known = most < Infinity && least > 0;
  if (Number.isNaN(ratio) || (!known && Math.max(least, 1 / most) < DELTA)) return null;
  return Math.max(ratio, 1 / ratio) < DELTA;
}

/** The factor between two depths, and whether it is within 1.25. @param {[number, number]} depths  b, then a @param {Trust[]} methods */
export function deltaWords(depths, methods) {
  const ratio = depths[0] / depths[1];
  if (Number.isNaN(ratio)) return "no data";
  const { least, most } = ratioSpan(depths, methods);
  const factor = Math.max(ratio, 1 / ratio);
  const known = most < Infinity && least > 0;
  const within = isWithin(depths, methods);
  if (within === null) return UNKNOWN;
  return `${known ? "×" : "× ≥"} ${factor.toFixed(2)} (${within ? "< 1.25" : "≥ 1.25"})`;
}
