/**
 * Colour scales: which of 256 colours a value gets, and the marks beside the bar. Pure.
 *
 * How a value v in metres becomes the colour of a pixel, for depths and differences alike:
 *
 *     index = clip(floor(256 · (v − min) / (max − min)), 0, 255)                    linear
 *     index = clip(floor(256 · ln(v / min) / ln(max / min)), 0, 255)                logarithmic
 *     index = clip(floor(256 · (1/min − 1/v) / (1/min − 1/max)), 0, 255)            inverse
 *
 * and the pixel is entry `index` of the colour table with alpha 255. Values below `min` and above `max` have two
 * colours of their own, and pixels without data are (0, 0, 0, 0).
 * All of it can be read from the colour bars: `canvas[data-colorbar]` is 256 × 1 pixels, pixel i is entry i;
 * `data-min-m`, `data-max-m` are the ends, `data-spread` is "linear", "log" or "inverse", `data-under` and
 * `data-over` are the colours beyond the ends. All of it is double precision, so that a script can predict
 * every pixel.
 *
 * @import { Scale } from "../state/types.js"
 *
 * @typedef {Pick<Scale, "min"|"max"|"spread">} Ends
 */

/** Ways in which colours spread over a range, in the order of the key that walks them. */
export const SPREADS = Object.freeze(/** @type {const} */ (["linear", "inverse", "log"]));

/**
 * Where a value in metres lies on a scale: 0 at `min`, 1 at `max`, beyond them outside of 0 to 1. Only a linear
 * scale goes on below `min`, because not every smaller value has a logarithm or an inverse.
 * @param {number} value @param {Ends} scale
 */
export function shareOf(value, { min, max, spread }) {
  if (spread === "linear") return (value - min) / (max - min);
  const above = Math.max(value, min);
  return spread === "log"
    ? Math.log(above / min) / Math.log(max / min)
    : (1 / min - 1 / above) / (1 / min - 1 / max);
}

/**
 * The value at a place of a scale, the inverse of `shareOf`; Infinity where an inverse scale has ended.
 * @param {number} share @param {Ends} scale
 */
export function valueAt(share, { min, max, spread }) {
  if (spread === "linear") return min + share * (max - min);
  if (spread === "log") return min * (max / min) ** share;
  const inverse = 1 / min - share * (1 / min - 1 / max);
  return inverse > 0 ? 1 / inverse : Infinity;
}

/**
 * Entry of a 256-colour table for `value` in metres.
 * @param {number} value @param {Ends} scale
 */
export function colorIndex(value, scale) {
  return Math.min(255, Math.max(0, Math.floor(256 * shareOf(value, scale))));
}

/**
 * Round steps of a linear scale: at most `count` of them from min to max, the ends only where they are round.
 * @param {number} min @param {number} max @param {number} count
 */
export function ticks(min, max, count) {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((nice) => nice * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Round steps of a logarithmic or inverse scale: 1, 2, 5, 10, … within it.
 * @param {number} min @param {number} max
 */
export function logTicks(min, max) {
  const steps = [0.01, 0.1, 1, 10, 100].flatMap((power) => [power, 2 * power, 5 * power]);
  return [...steps.map((step) => Number(step.toPrecision(3))), max].filter(
    (step, i, all) => step >= min && step <= max && all.indexOf(step) === i,
  );
}

/** Round steps within a scale. @param {Ends} scale */
export function stepsOf({ min, max, spread }) {
  return spread === "linear" ? ticks(min, max, 8) : logTicks(min, max);
}

/**
 * End of the difference colours when nobody chose one: about an eighth of the depth range (80 m: 10 m).
 * @param {number} maxDepth metres
 */
export function defaultDifferenceMax(maxDepth) {
  return DIFFERENCE_SCALES.findLast((scale) => scale <= maxDepth / 8) ?? DIFFERENCE_SCALES[0];
}

/** Ends offered for the difference colours, in metres. */
export const DIFFERENCE_SCALES = Object.freeze([0.25, 0.5, 1, 2, 5, 10, 20, 40, 80]);
