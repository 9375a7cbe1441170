/**
 * What is computed from whole pictures, such as a difference, kept as long as there is room: a change of colours
 * paints it again and never computes it again.
 *
 * @import { Picture } from "../state/types.js"
 *
 * @typedef {{kind: string, pictures: readonly Picture[], value: unknown, bytes: number}} Entry
 */

/** About 55 KITTI frames of four bytes per pixel. */
const MAX_BYTES = 96 * 2 ** 20;

/** @type {Entry[]} least recently used first */
const entries = [];

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
  while (bytes > MAX_BYTES && entries.length > 1) bytes -= entries.shift()?.bytes ?? 0;
  return /** @type {T} */ (entry.value);
}

/** @param {readonly unknown[]} a @param {readonly unknown[]} b */
const sameItems = (a, b) => a.length === b.length && a.every((item, i) => item === b[i]);
