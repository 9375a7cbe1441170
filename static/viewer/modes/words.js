/**
 * How modes write numbers: never as if more were known than the source says. Pure.
 *
 *     ±   the source is coarse, as a picture that was decoded from colours
 *     ≥ ≤ the source cuts depth off, so that only a bound is known
 *     (> 80 m) (< 2 m)   the value is exact, but beyond the ends of its colour bar
 *
 * @import { Method, Scale } from "../state/types.js"
 *
 * @typedef {Pick<Method, "saturated_m"|"precision_m">|null} Trust  How far depths of a method can be trusted.
 * @typedef {{least: number, most: number}} Span  What a number may really be.
 * @typedef {Pick<Scale, "min"|"max">|null} Ends
 */
import { DEPTH_SCALE, FARTHEST_M } from "../paint/depth.js";

/** Metres with two decimals and a real minus sign, without the unit. @param {number} value */
export const metres = (value) => written(value, 2);

/** @param {number} value @param {number} decimals */
function written(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Steps of the source below this are not worth mentioning: two decimals hide them. */
const FINE_M = 0.05;

/** From here on depths of a method only say "at least this far". @param {Trust} method */
const cutOffAt = (method) => Math.min(method?.saturated_m ?? FARTHEST_M, FARTHEST_M);

/** The same as a stored number. @param {Trust} method */
export const storedEnd = (method) => Math.ceil(cutOffAt(method) * DEPTH_SCALE);

/** What a stored depth may really be, in metres. @param {number} depth @param {Trust} method @returns {Span} */
export function spanOf(depth, method) {
  const end = cutOffAt(method);
  if (depth >= end) return { least: end, most: Infinity };
  const precision = method?.precision_m ?? 0;
  return { least: depth - precision, most: depth + precision };
}

/** What a distance b − a between such depths may really be. @param {Span} a @param {Span} b @returns {Span} */
export const distanceOf = (a, b) => ({ least: b.least - a.most, most: b.most - a.least });

/** The same without its sign. @param {Span} span @returns {Span} */
export function sizeOfSpan({ least, most }) {
  if (least >= 0) return { least, most };
  return most <= 0 ? { least: -most, most: -least } : { least: 0, most: Math.max(-least, most) };
}

/**
 * A number with its unit, as far as it is known.
 * @param {number} value  the likely one @param {Span} span @param {{unit?: string, signed?: boolean}} [how]
 */
export function knownWords(value, { least, most }, { unit = "m", signed = false } = {}) {
  const write = (/** @type {number} */ number, decimals = 2) => {
    const text = written(number, decimals);
    return signed && number > 0 && Number(text) !== 0 ? `+${text}` : text;
  };
  if (most === Infinity) {
    return least === -Infinity ? UNKNOWN : `≥ ${write(downTo(least))} ${unit}`;
  }
  if (least === -Infinity) return `≤ ${write(-downTo(-most))} ${unit}`;
  const precision = (most - least) / 2;
  return precision >= FINE_M
    ? `${write(value, 1)} ±${precision.toFixed(2)} ${unit}`
    : `${write(value)} ${unit}`;
}

export const UNKNOWN = "unknown: cut off";

/** The largest number of two decimals that is not above a bound. @param {number} bound */
const downTo = (bound) => Math.floor(bound * 100 + 1e-6) / 100;

/**
 * A depth as far as its source can tell: cut off, rounded, or absent (NaN).
 * @param {number} depth metres @param {Trust} method @param {Ends} [scale]  the colours that show it
 */
export function depthWords(depth, method, scale = null) {
  if (Number.isNaN(depth)) return "no data";
  const span = spanOf(depth, method);
  if (span.most === Infinity && span.least < FARTHEST_M) return `≥ ${span.least.toFixed(1)} m`;
  return knownWords(depth, span) + beyondWords(depth, scale);
}

/**
 * A distance of a pane's depth to a reference; a signed one names its direction.
 * @param {{depths: [number, number], methods: Trust[], signed: boolean, scale?: Ends}} given  the pane's own first
 */
export function differenceWords({ depths: [own, reference], methods, signed, scale = null }) {
  const delta = own - reference;
  if (Number.isNaN(delta)) return "no data";
  const distance = distanceOf(spanOf(reference, methods[1]), spanOf(own, methods[0]));
  const value = signed ? delta : Math.abs(delta);
  const precision = (distance.most - distance.least) / 2;
  // Near zero a size can't be less than nothing, but its precision is that of the difference.
  const certain = precision < Infinity ? { least: value - precision, most: value + precision } : null;
  const span = certain ?? (signed ? distance : sizeOfSpan(distance));
  if (!signed && span.most === Infinity && span.least === 0) return `Δ ${UNKNOWN}`;
  return `Δ ${knownWords(value, span, { signed })}${beyondWords(value, scale)}`;
}

/**
 * Words of a depth or difference as they fit into a pixel: the number and its mark, "?" where it is unknown.
 * @param {string} words
 */
export const shortWords = (words) => /[≥≤]? ?[+−]?\d+\.\d+/.exec(words)?.[0].replace(" ", "") ?? "?";

/** Says that a value is not where its colour bar ends, but beyond. @param {number} value @param {Ends} scale  both in `unit` */
export function beyondWords(value, scale, unit = "m") {
  if (scale && value > scale.max) return ` (> ${shortly(scale.max)} ${unit})`;
  return scale && value < scale.min ? ` (< ${shortly(scale.min)} ${unit})` : "";
}

/** @param {number} value */
const shortly = (value) => String(Number(value.toPrecision(4))).replace("-", "−");

/**
 * A statistic of distances between the depths of two methods.
 * @param {number} value metres
 * @param {{methods: Trust[], signed: boolean, cut: boolean[]}} given  the pane's own first, then the reference;
 *   `cut`: whether some depths of either are only known as "at least"
 */
export function statisticWords(value, { methods, signed, cut: [own, reference] }) {
  const precision = methods.reduce((sum, method) => sum + (method?.precision_m ?? 0), 0);
  const farther = signed ? own : own || reference;
  const nearer = signed && reference;
  const most = farther ? Infinity : value + precision;
  const least = nearer ? -Infinity : value - precision;
  return knownWords(value, { least: signed || !farther ? least : Math.max(0, least), most }, { signed });
}

/** Whether a picture holds depths that its source cut off. @param {{values: Uint16Array}} picture @param {Trust} method */
export function isCutOff({ values }, method) {
  const end = storedEnd(method);
  for (let i = 0; i < values.length; i++) if (values[i] >= end) return true;
  return false;
}
