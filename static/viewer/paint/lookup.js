/**
 * Tables from stored whole numbers to packed colours, so that painting is one look-up per pixel. Pure.
 * Formula: scale.js. It is computed only where the colour changes, at most 257 times; what lies between is filled.
 *
 * @import { Scale } from "../state/types.js"
 */
import { beyondColors, colorTable } from "./colormaps.js";
import { colorIndex, valueAt } from "./scale.js";

/**
 * @typedef {object} Stored  What the whole numbers of a picture mean.
 * @property {number} first  The entry 0 of the table.
 * @property {number} last
 * @property {number} none  "No data", transparent.
 * @property {number} perUnit  Number n stands for the value n / `perUnit`.
 */

/** @type {Map<string, Uint32Array>} All panes share a scale, so a few tables are enough. Least recently used first. */
const lookups = new Map();
const MAX_LOOKUPS = 8;

/** One opaque pixel in ImageData's byte order. @param {Iterable<number>} rgb */
export function packed([r, g, b]) {
  return new Uint32Array(Uint8Array.of(r, g, b, 255).buffer)[0];
}

/** @type {Map<string, Uint32Array>} */
const packedTables = new Map();

/** Entries of a colour table as opaque pixels. @param {string} cmap */
export function packedTable(cmap) {
  const known = packedTables.get(cmap);
  if (known) return known;
  const table = colorTable(cmap);
  const made = Uint32Array.from({ length: 256 }, (_, i) => packed(table.subarray(3 * i, 3 * i + 3)));
  packedTables.set(cmap, made);
  return made;
}

/**
 * Packed colours for the stored numbers `first` … `last`: entry n − first.
 * @param {Scale} scale @param {Stored} stored
 */
export function lookup(scale, stored) {
  const key = JSON.stringify([scale, stored]);
  const table = lookups.get(key) ?? filled(scale, stored);
  lookups.delete(key);
  lookups.set(key, table);
  if (lookups.size > MAX_LOOKUPS) lookups.delete(/** @type {string} */ (lookups.keys().next().value));
  return table;
}

/** @param {Scale} scale @param {Stored} stored */
function filled(scale, { first, last, none, perUnit }) {
  const { min, max, cmap } = scale;
  const out = new Uint32Array(last - first + 1);
  const colors = packedTable(cmap);
  const { under, over } = beyondColors(cmap);
  /** Smallest number for which something holds that stays true above it; `guess` is near it. */
  const begin = (/** @type {(value: number) => boolean} */ holds, /** @type {number} */ guess) => {
    let n = Math.min(last + 1, Math.max(first, Math.ceil(guess)));
    while (n > first && holds((n - 1) / perUnit)) n--;
    while (n <= last && !holds(n / perUnit)) n++;
    return n;
  };
  const start = begin((value) => value >= min, min * perUnit);
  const end = begin((value) => value > max, max * perUnit);
  out.fill(packed(under), 0, start - first);
  let at = start;
  for (let i = 0; i < 256; i++) {
    const next =
      i < 255 ? begin((v) => colorIndex(v, scale) > i, valueAt((i + 1) / 256, scale) * perUnit) : end;
    out.fill(colors[i], at - first, Math.min(next, end) - first);
    at = Math.max(at, Math.min(next, end));
  }
  out.fill(packed(over), end - first);
  out[none - first] = 0;
  return out;
}
