/**
 * The metrics of one picture, as `tiekd eval` defines them (docs/evaluation.md); pure.
 *
 * A pixel counts when its true depth lies strictly between the ends of the cap, inside the box. The estimate is
 * clamped to the cap; a hole in it counts as the nearest depth of the cap. Everything that depends on one stored
 * depth is looked up, so that a pixel costs a few additions.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Counting } from "./errors.js"
 *
 * @typedef {object} Metrics
 * @property {number} absRel @property {number} sqRel
 * @property {number} rmse  metres @property {number} rmseLog @property {number} log10
 * @property {number} silog  × 100
 * @property {number} delta1 @property {number} delta2 @property {number} delta3  shares
 * @property {number} count  pixels that count @property {number} holes  those of them without an estimate
 */
import { DEPTH_SCALE } from "./depth.js";
import { DELTA, storedCap } from "./errors.js";

/** @type {{cap: readonly [number, number], metres: Float64Array, logs: Float64Array}|null} */
let tables = null;

/** Metres of each stored depth, clamped, and their logarithms. @param {readonly [number, number]} cap */
function tablesFor(cap) {
  if (tables?.cap[0] === cap[0] && tables.cap[1] === cap[1]) return tables;
  const [min, max] = cap.map(Math.fround);
  const metres = Float64Array.from({ length: 65536 }, (_, i) =>
    Math.min(max, Math.max(min, i / DEPTH_SCALE)),
  );
  tables = { cap, metres, logs: metres.map(Math.log) };
  return tables;
}

/** Metres of each stored depth, brought within the cap. @param {readonly [number, number]} cap */
export const metresWithin = (cap) => tablesFor(cap).metres;

/**
 * The metrics of an estimate; null where no pixel counts, or none of those has an estimate.
 * @param {DepthPicture} estimate @param {Counting} counting  its `reference` is the truth
 * @returns {Metrics|null}
 */
export function depthMetrics({ values }, { reference, box, cap }) {
  const { metres, logs } = tablesFor(cap);
  const { first, last } = storedCap(cap);
  const [d1, d2, d3] = [DELTA, DELTA ** 2, DELTA ** 3];
  let [absRel, sqRel, squares, logSum, logSize, logSquares] = [0, 0, 0, 0, 0, 0];
  let [within1, within2, within3, count, holes] = [0, 0, 0, 0, 0];
  for (let y = box.top; y < box.top + box.height; y++) {
    const end = y * reference.width + box.left + box.width;
    for (let i = end - box.width; i < end; i++) {
      const stored = reference.values[i];
      if (stored < first || stored > last) continue;
      const found = values[i];
      const t = stored / DEPTH_SCALE;
      const p = metres[found];
      const error = Math.abs(t - p);
      const log = logs[found] - logs[stored];
      const ratio = p > t ? p / t : t / p;
      absRel += error / t;
      sqRel += (error * error) / t;
      squares += error * error;
      logSum += log;
      logSize += Math.abs(log);
      logSquares += log * log;
      if (ratio < d1) within1++;
      if (ratio < d2) within2++;
      if (ratio < d3) within3++;
      if (found === 0) holes++;
      count++;
    }
  }
  if (count === holes) return null;
  const variance = logSquares / count - (logSum / count) ** 2;
  return {
    absRel: absRel / count,
    sqRel: sqRel / count,
    rmse: Math.sqrt(squares / count),
    rmseLog: Math.sqrt(logSquares / count),
    log10: logSize / count / Math.LN10,
    silog: variance > 0 ? 100 * Math.sqrt(variance) : 0,
    delta1: within1 / count,
    delta2: within2 / count,
    delta3: within3 / count,
    count,
    holes,
  };
}

/** Ranks of numbers, the least first; equal ones share a rank. @param {readonly number[]} values */
export const ranksOf = (values) => values.map((value) => 1 + values.filter((other) => other < value).length);
