/**
 * The view as a query string and back. Pure.
 *
 *     ?gallery=demo&targets=A*B&index=3&diff=2&indexes=0*3*7&cmap=turbo_r&range=1..40&pixel=610,220
 *
 * Links of the original viewer (`targets`, `index`, `indexes`, separated by "*" or ",") mean the same here.
 * 0 is a number like any other; what can't be understood is left at its default.
 *
 * @import { View } from "./types.js"
 */
import { DEPTH_MAPS } from "./colormaps.js";

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze({
  gallery: null,
  targets: [],
  index: 0,
  indexes: null,
  diff: 0,
  signed: false,
  cmap: DEPTH_MAPS[0].name,
  spread: "auto",
  range: null,
  diffMax: null,
  columns: 0,
  theme: "auto",
  pixel: null,
  axis: "linear",
});

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // a stray "%" in a hand-written link
  }
}

/** Names keep the characters that separate them only in escaped form. @param {string} name */
const escapeName = (name) => encodeURIComponent(name).replaceAll("*", "%2A");

/**
 * Raw values by key, not yet decoded, so that a separator inside a name stays apart from one between names.
 * @param {string} search
 */
function rawParameters(search) {
  /** @type {Map<string, string>} */
  const raw = new Map();
  for (const part of search.replace(/^\?/, "").split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) raw.set(decode(part.slice(0, equals)), part.slice(equals + 1));
  }
  return raw;
}

/** @param {string|undefined} text @returns {number|null} a whole number ≥ 0 */
function whole(text) {
  return text !== undefined && /^\d{1,9}$/.test(decode(text).trim()) ? Number(decode(text)) : null;
}

/** @param {string|undefined} text @param {RegExp} separator @returns {number[]} */
function numbers(text, separator) {
  if (text === undefined) return [];
  return decode(text)
    .split(separator)
    .filter((part) => part.trim() !== "")
    .map(Number);
}

/**
 * @param {string} search  `location.search`
 * @returns {View}
 */
export function parseView(search) {
  const raw = rawParameters(search);
  const theme = raw.get("theme");
  const cmap = raw.get("cmap");
  const spread = raw.get("spread");
  const range = numbers(raw.get("range"), /\.\.|,/);
  const pixel = numbers(raw.get("pixel"), /,/);
  const diffMax = Number(raw.get("diffmax"));
  const indexes = [...new Set(numbers(raw.get("indexes"), /[*,.]/))].filter(
    (i) => Number.isInteger(i) && i >= 0,
  );
  return {
    ...DEFAULT_VIEW,
    gallery: raw.has("gallery") ? decode(raw.get("gallery") ?? "") || null : null,
    targets: (raw.get("targets") ?? "")
      .split(/[*,]/)
      .map(decode)
      .filter((name) => name !== ""),
    index: whole(raw.get("index")) ?? indexes[0] ?? 0,
    indexes: indexes.length ? indexes : null,
    diff: whole(raw.get("diff")) ?? 0,
    signed: raw.get("signed") === "1",
    cmap: DEPTH_MAPS.find((map) => map.name === cmap)?.name ?? DEFAULT_VIEW.cmap,
    spread: spread === "log" || spread === "linear" ? spread : "auto",
    range: range.length === 2 && range[0] >= 0 && range[0] < range[1] ? [range[0], range[1]] : null,
    diffMax: diffMax > 0 && Number.isFinite(diffMax) ? diffMax : null,
    columns: Math.min(whole(raw.get("columns")) ?? 0, 8),
    theme: theme === "dark" || theme === "light" ? theme : "auto",
    pixel:
      pixel.length === 2 && pixel.every((v) => Number.isInteger(v) && v >= 0) ? [pixel[0], pixel[1]] : null,
    axis: raw.get("axis") === "log" ? "log" : "linear",
  };
}

/**
 * Query string of a view, "?" included. Gallery and index are always named, the rest where not the default.
 * @param {View} view
 */
export function formatView(view) {
  const parts = [`index=${view.index}`];
  if (view.gallery !== null) parts.unshift(`gallery=${escapeName(view.gallery)}`);
  if (view.targets.length) parts.push(`targets=${view.targets.map(escapeName).join("*")}`);
  if (view.indexes) parts.push(`indexes=${view.indexes.join("*")}`);
  if (view.diff) parts.push(`diff=${view.diff}`);
  if (view.signed) parts.push("signed=1");
  if (view.cmap !== DEFAULT_VIEW.cmap) parts.push(`cmap=${view.cmap}`);
  if (view.spread !== "auto") parts.push(`spread=${view.spread}`);
  if (view.range) parts.push(`range=${view.range.join("..")}`);
  if (view.diffMax) parts.push(`diffmax=${view.diffMax}`);
  if (view.columns) parts.push(`columns=${view.columns}`);
  if (view.theme !== "auto") parts.push(`theme=${view.theme}`);
  if (view.pixel) parts.push(`pixel=${view.pixel.join(",")}`);
  if (view.axis !== "linear") parts.push(`axis=${view.axis}`);
  return `?${parts.join("&")}`;
}

/**
 * Whether going from one view to the other is a step of its own for the Back button; colours and panel are not.
 * @param {View} before @param {View} after
 */
export function isNavigation(before, after) {
  const key = (/** @type {View} */ v) => JSON.stringify([v.gallery, v.targets, v.index, v.indexes, v.diff]);
  return key(before) !== key(after);
}
