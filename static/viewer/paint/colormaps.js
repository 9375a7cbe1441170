/**
 * Colour tables of 256 entries. A name with `_r` is the table reversed, and for depth that is the usual way
 * round: near = bright.
 */
import { TABLES } from "./tables.js";

/** Names offered for depth, first = default. */
export const DEPTH_MAPS = Object.freeze([
  { name: "magma_r", label: "Magma" },
  { name: "turbo_r", label: "Turbo" },
  { name: "viridis_r", label: "Viridis" },
  { name: "cividis_r", label: "Cividis" },
  { name: "inferno_r", label: "Inferno" },
  { name: "plasma_r", label: "Plasma" },
  { name: "grey_r", label: "Grey" },
]);

/**
 * Differences have tables of their own, so that nobody takes one for a depth. Each has a form with a dark and one
 * with a light zero; both zeros stand out from the ground and from "no data" of either theme.
 */
export const ABSOLUTE_MAPS = Object.freeze({ dark: "apart", light: "apart_light" });
export const SIGNED_MAPS = Object.freeze({ dark: "signed", light: "signed_light" });

// prettier-ignore
/** @type {Record<string, number[][]>} Colours at equal steps, joined by straight lines. */
const STOPS = {
  apart: [[44, 58, 112], [38, 92, 150], [26, 134, 162], [50, 178, 148], [150, 214, 132], [250, 246, 176]],
  apart_light: [[242, 216, 116], [244, 172, 88], [226, 124, 70], [196, 76, 74], [144, 36, 86], [80, 12, 78]],
  signed: [[176, 232, 255], [70, 164, 236], [46, 108, 182], [82, 80, 94], [168, 84, 38], [236, 136, 46], [255, 218, 140]],
  signed_light: [[36, 50, 138], [68, 114, 190], [138, 184, 208], [242, 218, 130], [240, 156, 90], [206, 72, 50], [122, 14, 36]],
};

/** The classes of δ, from within 1.25 to beyond 1.25³. The first is quiet, so that the others are seen. */
export const DELTA_MAPS = Object.freeze({ dark: "delta", light: "delta_light" });

// prettier-ignore
/** @type {Record<string, number[][]>} Colours of equal width, without anything between. */
const STEPS = {
  delta: [[43, 83, 122], [255, 212, 91], [187, 110, 7], [248, 80, 107]],
  delta_light: [[136, 187, 254], [252, 198, 52], [221, 39, 51], [183, 48, 136]],
};

// prettier-ignore
/** @type {Record<string, number[][]>} Values below and above a table: hues that it hardly has itself. */
const BEYOND = {
  magma: [[172, 206, 238], [74, 112, 120]],
  inferno: [[172, 206, 238], [74, 112, 120]],
  plasma: [[172, 206, 238], [10, 120, 90]],
  viridis: [[255, 134, 178], [214, 60, 100]],
  cividis: [[255, 150, 150], [206, 60, 70]],
  turbo: [[240, 150, 255], [124, 124, 132]],
  grey: [[255, 176, 60], [46, 96, 190]],
  apart: [[255, 255, 255], [240, 96, 72]],
  apart_light: [[255, 255, 255], [60, 190, 220]],
  signed: [[150, 110, 255], [255, 80, 120]],
  delta: [[43, 83, 122], [248, 80, 107]],
  delta_light: [[136, 187, 254], [183, 48, 136]],
  signed_light: [[0, 124, 132], [255, 140, 222]],
};

/** Colours of the values below and above the ends. @param {string} name @returns {{under: number[], over: number[]}} */
export function beyondColors(name) {
  const base = name.replace(/_r$/, "");
  const [under, over] = BEYOND[Object.hasOwn(BEYOND, base) ? base : "magma"];
  return { under, over };
}

/** @type {Map<string, Uint8Array>} */
const tables = new Map();

/**
 * The table of a name as 256 × 3 bytes (R, G, B). Unknown names give the default table.
 * @param {string} name
 */
export function colorTable(name) {
  const known = tables.get(name);
  if (known) return known;
  const reversed = name.endsWith("_r");
  const base = baseTable(reversed ? name.slice(0, -2) : name);
  if (!base) return colorTable(DEPTH_MAPS[0].name);
  const table = reversed ? reverse(base) : base;
  tables.set(name, table);
  return table;
}

/** @param {string} name @returns {Uint8Array|null} */
function baseTable(name) {
  if (name === "grey") return Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  if (Object.hasOwn(STOPS, name)) return interpolate(STOPS[name]);
  if (Object.hasOwn(STEPS, name))
    return Uint8Array.from({ length: 768 }, (_, i) => STEPS[name][Math.floor(i / 192)][i % 3]);
  const hex = Object.hasOwn(TABLES, name) ? TABLES[name] : null;
  return hex ? Uint8Array.from({ length: 768 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16)) : null;
}

/** @param {number[][]} stops */
function interpolate(stops) {
  const table = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      table[3 * i + c] = Math.round(stops[k][c] + (at - k) * (stops[k + 1][c] - stops[k][c]));
    }
  }
  return table;
}

/** @param {Uint8Array} table */
function reverse(table) {
  const out = new Uint8Array(768);
  for (let i = 0; i < 256; i++) out.set(table.subarray(3 * i, 3 * i + 3), 3 * (255 - i));
  return out;
}
