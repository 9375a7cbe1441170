/**
 * How modes write numbers. Pure.
 *
 * @import { Method } from "../state/types.js"
 */

/** Metres with two decimals and a real minus sign, without the unit. @param {number} value */
export const metres = (value) => (Object.is(value, -0) ? 0 : value).toFixed(2).replace("-", "−");

/** Steps of the source below this are not worth mentioning: two decimals hide them. */
const FINE_M = 0.05;

/**
 * A depth as far as its source can tell: cut off, rounded, or absent (NaN).
 * @param {number} depth metres @param {Pick<Method, "saturated_m"|"precision_m">|null} method
 */
export function depthWords(depth, method) {
  if (Number.isNaN(depth)) return "no data";
  const { saturated_m = null, precision_m = null } = method ?? {};
  if (saturated_m !== null && depth >= saturated_m) return `≥ ${saturated_m.toFixed(1)} m`;
  const coarse = precision_m !== null && precision_m >= FINE_M;
  return coarse ? `${depth.toFixed(1)} ±${precision_m.toFixed(2)} m` : `${metres(depth)} m`;
}

/** A distance between depths; a signed one names its direction. @param {number} delta metres @param {boolean} signed */
export function differenceWords(delta, signed) {
  if (Number.isNaN(delta)) return "no data";
  return `Δ ${signed && delta > 0 ? "+" : ""}${metres(delta)} m`;
}
