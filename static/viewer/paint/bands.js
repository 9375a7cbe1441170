/**
 * Errors of one picture by how far the truth is; pure. Pixels count as in metrics.js, so that the bands together hold
 * the pixels of a pane's numbers.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Counting } from "./errors.js"
 *
 * @typedef {{from: number, to: number}} Band  metres; a depth of `to` belongs to the next band
 * @typedef {object} BandErrors
 * @property {number|null} absRel  null where no pixel counts, or none of those has an estimate
 * @property {number|null} rmse  metres
 * @property {number} count  pixels that count
 */
import { DEPTH_SCALE } from "./depth.js";
import { storedCap } from "./errors.js";
import { metresWithin } from "./metrics.js";

/** Where bands begin and end, in metres. What is farther is one band more. */
const EDGES = [0, 5, 10, 20, 40, 80, Infinity];

/** The bands within a cap. @param {readonly [number, number]} cap @returns {Band[]} */
export function bandsWithin([min, max]) {
  const ends = EDGES.slice(1).map((to, i) => ({ from: Math.max(min, EDGES[i]), to: Math.min(max, to) }));
  return ends.filter(({ from, to }) => from < to);
}

/** @type {{begins: string, numbers: Uint8Array}|null} */
let table = null;

/** The number of the band of each stored depth. @param {Band[]} bands */
function bandNumbers(bands) {
  const starts = bands.map(({ from }) => from * DEPTH_SCALE);
  const begins = String(starts);
  if (table?.begins === begins) return table.numbers;
  const numberOf = (/** @type {number} */ stored) => starts.findLastIndex((start) => start <= stored);
  const numbers = Uint8Array.from({ length: 65536 }, (_, stored) => Math.max(0, numberOf(stored)));
  table = { begins, numbers };
  return numbers;
}

/**
 * The errors of an estimate in each band within the cap, in one pass.
 * @param {DepthPicture} estimate @param {Counting} counting  its `reference` is the truth
 * @returns {BandErrors[]}
 */
export function bandErrors({ values }, { reference, box, cap }) {
  const bands = bandsWithin(cap);
  const numbers = bandNumbers(bands);
  const metres = metresWithin(cap);
  const { first, last } = storedCap(cap);
  const sums = bands.map(() => ({ relative: 0, squares: 0, count: 0, holes: 0 }));
  for (let y = box.top; y < box.top + box.height; y++) {
    const end = y * reference.width + box.left + box.width;
    for (let i = end - box.width; i < end; i++) {
      const stored = reference.values[i];
      if (stored < first || stored > last) continue;
      const sum = sums[numbers[stored]];
      const error = Math.abs(metres[values[i]] - stored / DEPTH_SCALE);
      sum.relative += (error * DEPTH_SCALE) / stored;
      sum.squares += error * error;
      sum.count++;
      if (values[i] === 0) sum.holes++;
    }
  }
  return sums.map(({ relative, squares, count, holes }) => ({
    absRel: count > holes ? relative / count : null,
    rmse: count > holes ? Math.sqrt(squares / count) : null,
    count,
  }));
}
