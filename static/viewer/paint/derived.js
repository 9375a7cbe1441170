/**
 * What is computed from whole pictures, such as a difference, kept as long as there is room: a change of colours
 * paints it again and never computes it again.
 *
 * @import { Picture } from "../state/types.js"
 *
 * @typedef {{kind: string, pictures: readonly Picture[], value: unknown, bytes: number}} Entry
 */

/** About 55 KITTI frames of four bytes per pixel. */
export const DERIVED_BYTES = 96 * 2 ** 20;

/** @type {Entry[]} least recently used first */
const entries = [];

/** @type {(Int32Array|Uint16Array)[]} Arrays that have left. To fill their memory again is faster than to get new. */
const spare = [];
const MAX_SPARE = 10;

/**
 * An array for a result of `derived`, with anything in it. Its memory may be used again, but the array is a new one:
 * whoever knows an array by its identity, as the painter does, takes it for what it is.
 * @template {Int32Array|Uint16Array} A
 * @param {new (from: number) => A} Kind @param {number} length @returns {A}
 */
export function room(Kind, length) {
  const at = spare.findIndex((array) => array instanceof Kind && array.length === length);
  return at < 0 ? new Kind(length) : new Kind(/** @type {any} */ (spare.splice(at, 1)[0].buffer));
}

/** @param {Entry} entry */
function leave({ value, bytes }) {
  if ((value instanceof Uint16Array || value instanceof Int32Array) && spare.length < MAX_SPARE)
    spare.push(value);
  return bytes;
}

/**
 * The result of `compute` for these pictures; `kind` names what it is. `bytesPerPixel` is about what it keeps.
 * @template T
 * @param {string} kind @param {readonly Picture[]} pictures @param {() => T} compute @param {number} [bytesPerPixel]
 * @returns {T}
 */
export function derived(kind, pictures, compute, bytesPerPixel = 4) {
  const at = entries.findIndex((entry) => entry.kind === kind && sameItems(entry.pictures, pictures));
  const [{ width, height }] = pictures;
  const entry =
    at < 0
      ? { kind, pictures: [...pictures], value: compute(), bytes: width * height * bytesPerPixel }
      : entries.splice(at, 1)[0];
  entries.push(entry);
  let bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  while (bytes > DERIVED_BYTES && entries.length > 1) bytes -= leave(entries.splice(0, 1)[0]);
  return /** @type {T} */ (entry.value);
}

/** @param {readonly unknown[]} a @param {readonly unknown[]} b */
const sameItems = (a, b) => a.length === b.length && a.every((item, i) => item === b[i]);
