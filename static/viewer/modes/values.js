/**
 * The table of all methods' values at one pixel: what each row says, and their order. Pure.
 *
 * @import { Method } from "../state/types.js"
 *
 * @typedef {{method: Method, depth: number|null}} Found  NaN: no data there; null: still loading.
 * @typedef {object} Row
 * @property {Method} method
 * @property {string} depth
 * @property {string} error  to the truth or the reference, with its sign
 * @property {string} relative
 * @property {string} within  whether δ is below 1.25
 * @property {number} rank  of its size, from the least error; those without one come last
 */
import { isSameMethod } from "../state/selectors.js";
import { isWithin, relativeWords } from "./ratio-words.js";
import { depthWords, differenceWords, distanceOf, sizeOfSpan, spanOf } from "./words.js";

/** After all errors: a cut-off source leaves the size open; no error; no depth; not there yet. */
const [UNKNOWN, NO_ERROR, NO_DATA, LOADING] = [1e6, 2e6, 3e6, 4e6];

/** @param {Found} found @param {Found|null} against @returns {Row} */
function rowOf({ method, depth }, against) {
  const blank = { method, error: "", relative: "", within: "" };
  if (depth === null) return { ...blank, depth: "loading", rank: LOADING };
  if (Number.isNaN(depth)) return { ...blank, depth: "no data", rank: NO_DATA };
  const words = depthWords(depth, method);
  if (against?.depth == null || Number.isNaN(against.depth))
    return { ...blank, depth: words, rank: NO_ERROR };
  const methods = [method, against.method];
  /** @type {[number, number]} */
  const depths = [depth, against.depth];
  const { least, most } = sizeOfSpan(
    distanceOf(spanOf(against.depth, against.method), spanOf(depth, method)),
  );
  const within = isWithin(depths, methods);
  return {
    method,
    depth: words,
    error: differenceWords({ depths, methods, signed: true }).replace("Δ ", ""),
    relative: relativeWords(depths, methods),
    within: within === null ? "unknown" : within ? "yes" : "no",
    rank: least === 0 && most === Infinity ? UNKNOWN : Math.abs(depth - against.depth),
  };
}

/**
 * The rows, the least error first; equal ones keep their order. What is measured against stands above them.
 * @param {Found[]} found @param {Found|null} against  the truth, or the chosen reference; with `what` it is
 * @param {string} what  "ground truth" or "reference"
 * @returns {Row[]}
 */
export function rowsOf(found, against, what) {
  const others = found.filter(({ method }) => !isSameMethod(method, against?.method));
  const rows = others.map((each) => rowOf(each, against)).sort((a, b) => a.rank - b.rank);
  return against ? [{ ...rowOf(against, null), error: what }, ...rows] : rows;
}
