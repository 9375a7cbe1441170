/**
 * The view: everything that the address holds. Each field is one entry of `FIELDS`. Its default, reading and
 * writing of the address, the limits that a gallery sets, the reducer and the Back button follow from that entry.
 *
 * @import { Sources } from "./declared.js"
 * @import { Gallery } from "./types.js"
 * @import { Field } from "./field.js"
 * @import { BoxChoice } from "../paint/boxes.js"
 *
 * @typedef {{[K in keyof typeof FIELDS]: (typeof FIELDS)[K]["initial"]}} View
 */
import { DEPTH_MAPS } from "../paint/colormaps.js";
import { SPREADS } from "../paint/scale.js";
import { differenceOf, isComparing, isDifference, MODE_NAMES } from "./comparison.js";
import { formatSources, parseSources } from "./declared.js";
import { choice, field, flag } from "./field.js";
import { boxInside, fittedMode, insidePhoto, onPhoto } from "./fits.js";
import { countOf } from "./frames.js";
import {
  decode,
  escapeName,
  names,
  pair,
  parseBox,
  parseIndexes,
  parseRange,
  parseShare,
  whole,
} from "./query.js";
import { METRIC_NAMES, SORTS } from "./sorts.js";
import { clamp, isOnShow, resolveTargets, usualReference, walkWithin } from "./targets.js";
import { differenceEnd, rangeWithin } from "./ranges.js";
import { MAX_ZOOM } from "./window.js";

const BOTH = /** @type {const} */ (["gallery", "link"]);

export const FIELDS = Object.freeze({
  gallery: field(/** @type {string|null} */ (null), {
    key: "gallery",
    parse: (text) => (text === undefined ? undefined : decode(text) || null),
    format: (id) => escapeName(id ?? ""),
    allowed: "the id of a gallery",
    step: true,
  }),
  /** Number of the frame in the gallery, from 0. */
  index: field(0, {
    key: "index",
    // Links of the original viewer name a walk and may leave the place on it open.
    parse: (text, raw) => whole(text) ?? parseIndexes(raw.get("indexes"))?.[0],
    format: String,
    fit: (value, { gallery, indexes }) => {
      const count = countOf(gallery);
      const walk = walkWithin(indexes, count);
      // Of a walk that does not exist its first frame is no place either.
      const index = !walk && indexes?.[0] === value && value >= count ? 0 : clamp(value, count - 1);
      return walk && !walk.includes(index) ? walk[0] : index;
    },
    allowed: "the number of a frame, from 0",
    always: true,
    step: true,
    hook: true,
  }),
  /** Methods on show, in order; empty = all of them. */
  targets: field(/** @type {string[]} */ ([]), {
    key: "targets",
    parse: names,
    format: (targets) => targets.map(escapeName).join("*"),
    allowed: "names of methods",
    fit: (targets, { gallery }) => resolveTargets(gallery, targets),
    step: true,
  }),
  /** Walk only these frames; null = all. */
  indexes: field(/** @type {number[]|null} */ (null), {
    key: "indexes",
    parse: parseIndexes,
    format: (indexes) => (indexes ?? []).join("*"),
    allowed: "numbers of frames",
    fit: (indexes, { gallery }) => walkWithin(indexes, countOf(gallery)),
    step: true,
  }),
  /** How folders of results are read, where that is not as the server reads them: folder → settings. */
  sources: field(/** @type {Sources} */ ({}), {
    key: "as",
    parse: parseSources,
    format: formatSources,
    allowed: "METHOD=SETTINGS, with * between",
    stays: ["link"],
  }),
  /** The order of the walk; order.js says what each is. */
  sort: choice(SORTS, { key: "sort", hook: true }),
  /** Walk only the frames that fit these words; order.js explains them. */
  filter: field(/** @type {string} */ (""), {
    key: "filter",
    parse: (text) => (text === undefined ? undefined : decode(text)),
    format: encodeURIComponent,
    allowed: "words of names, limits of the error like >0.1, is:favourite",
  }),
  /** The error by which frames are sorted and that the filmstrip shows. */
  metric: choice(METRIC_NAMES, { key: "metric", stays: BOTH }),
  /** The method whose error that is; null = the mean of those on show. */
  by: field(/** @type {string|null} */ (null), {
    key: "by",
    parse: (text) => (text === undefined ? undefined : decode(text) || null),
    format: (id) => escapeName(id ?? ""),
    allowed: "the id of a method",
    fit: (id, { gallery }) => (gallery.methods.some((method) => method.id === id) ? id : null),
  }),
  /** Whether the filmstrip shows the errors. */
  strip: choice(/** @type {const} */ (["on", "off"]), { key: "strip", stays: BOTH }),
  /** The method that holds the truth; null = the gallery's own. */
  truth: field(/** @type {string|null} */ (null), {
    key: "truth",
    parse: (text) => (text === undefined ? undefined : decode(text) || null),
    format: (id) => escapeName(id ?? ""),
    allowed: "the id of a method in metres",
    fit: (truth, { gallery }) => (gallery.methods.some(({ id }) => id === truth) ? truth : null),
  }),
  /** The kept reference: number of a method on show, from 1; 0 = none. comparison.js says what it is for. */
  reference: field(0, {
    key: "ref",
    parse: whole,
    format: String,
    allowed: "the number of a method on show, from 1, or 0",
    fit: (number, place) => (isOnShow(number, place) ? number : 0),
  }),
  /** What the panes show. comparison.js keeps it in step with `diff`, `signed` and `reference`. */
  mode: choice(MODE_NAMES, {
    key: "mode",
    fit: fittedMode,
    step: true,
    place: (mode) => (isDifference(mode) ? "difference" : mode), // its sign is a look
    hook: true,
  }),
  /** Compare with the n-th method on show, from 1; 0 = the mode doesn't compare. */
  diff: field(0, {
    key: "diff",
    parse: whole,
    format: String,
    allowed: "the number of a method on show, from 1, or 0",
    fit: (diff, place) => (isComparing(place.mode) ? diff || usualReference(place) : 0),
    step: true,
    hook: true,
  }),
  /** Differences and errors keep their sign. */
  signed: flag({ key: "signed", stays: ["gallery"] }),
  /** Difference colours begin dark or light. */
  zero: choice(/** @type {const} */ (["dark", "light"]), { key: "zero", stays: BOTH }),
  /** Pixels that count in the numbers of a pane: an evaluation crop, or left, top, width, height. */
  box: field(/** @type {BoxChoice} */ ("none"), {
    key: "box",
    parse: parseBox,
    format: String,
    allowed: "none, garg, eigen, or left, top, width and height in pixels of the ground truth",
    fit: (box, at) => (typeof box === "string" ? box : boxInside(box, at)),
    stays: BOTH,
  }),
  /** Truth counts strictly between these, in metres; null = the gallery's depth range. */
  cap: field(/** @type {[number, number]|null} */ (null), {
    key: "cap",
    parse: parseRange,
    format: (cap) => (cap ?? []).join(".."),
    allowed: "two depths in metres, from 0, the smaller first",
    stays: ["link"],
  }),
  /** Colours of depth. */
  cmap: choice(
    DEPTH_MAPS.map((map) => map.name),
    { key: "cmap", stays: BOTH },
  ),
  /** How depth colours spread over the range; for "auto" see `depthScale`. */
  spread: choice(/** @type {const} */ (["auto", ...SPREADS]), { key: "spread", stays: BOTH }),
  /** Depth colours in metres; null = the gallery's own. */
  range: field(/** @type {[number, number]|null} */ (null), {
    key: "range",
    parse: parseRange,
    format: (range) => (range ?? []).join(".."),
    fit: (range) => range && rangeWithin(range),
    allowed: "two depths in metres, from 0, the smaller first",
    stays: ["link"],
  }),
  /** End of the difference colours in metres; null = from the gallery. */
  diffMax: field(/** @type {number|null} */ (null), {
    key: "diffmax",
    parse: (text) => (Number(text) > 0 && Number.isFinite(Number(text)) ? Number(text) : undefined),
    format: String,
    fit: (end) => end && differenceEnd(end),
    allowed: "metres above 0",
    stays: ["link"],
  }),
  /** 0 = as many as fill the window best. */
  columns: field(0, {
    key: "columns",
    parse: whole,
    format: String,
    allowed: "a whole number up to 8; 0 = as many as fit",
    fit: (columns) => Math.min(columns, 8),
    stays: BOTH,
  }),
  theme: choice(/** @type {const} */ (["auto", "dark", "light"]), {
    key: "theme",
    stays: BOTH,
    personal: true,
    hook: true,
  }),
  /** Pixel of the photo at which distributions are shown; null = panel closed. */
  pixel: field(/** @type {[number, number]|null} */ (null), {
    key: "pixel",
    parse: (text) => {
      const pixel = pair(text, /,/);
      return pixel?.every((at) => Number.isInteger(at) && at >= 0) ? pixel : undefined;
    },
    format: (pixel) => (pixel ?? []).join(","),
    allowed: "column and row of a pixel of the photo, from 0",
    fit: (pixel, at) => pixel && insidePhoto(pixel, at),
  }),
  /** All panes alike; one large and the others small; two in one picture; one over the photo. */
  layout: choice(/** @type {const} */ (["grid", "solo", "split", "overlay"]), {
    key: "layout",
    step: true,
    stays: BOTH,
    hook: true,
  }),
  /** The pane that is large where the layout has one; null = the first method that is no ground truth. */
  focus: field(/** @type {string|null} */ (null), {
    key: "focus",
    parse: (text) => (text ? decode(text) : undefined),
    format: (id) => escapeName(id ?? ""),
    allowed: "the name of a method on show",
  }),
  /** The other one of a split; null = the reference of the difference, else the ground truth. */
  beside: field(/** @type {string|null} */ (null), {
    key: "beside",
    parse: (text) => (text ? decode(text) : undefined),
    format: (id) => escapeName(id ?? ""),
    allowed: "the name of a method on show",
  }),
  /** Where a split is divided, in parts of its width. */
  divide: field(0.5, {
    key: "divide",
    parse: parseShare,
    format: String,
    allowed: "a number from 0 to 1",
    stays: BOTH,
  }),
  /** How much of an overlay hides the photo. */
  opacity: field(0.6, {
    key: "opacity",
    parse: parseShare,
    format: String,
    allowed: "a number from 0 to 1",
    stays: BOTH,
  }),
  /** Screen pixels per pixel of the photo, in all panes; "fit" = the whole picture. */
  zoom: field(/** @type {"fit"|number} */ ("fit"), {
    key: "zoom",
    parse: (text) => (Number(text) > 0 && Number(text) <= MAX_ZOOM ? Number(text) : undefined),
    format: String,
    allowed: `a number above 0, up to ${MAX_ZOOM}; 1 = a pixel of the photo is one of the screen`,
    hook: true,
  }),
  /** Place of the photo in the middle of the panes, in its pixels; null = its own middle. */
  at: field(/** @type {[number, number]|null} */ (null), {
    key: "at",
    parse: (text) => {
      const at = pair(text, /,/);
      return at?.every((value) => value >= 0) ? at : undefined;
    },
    format: (at) => (at ?? []).join(","),
    allowed: "column and row of the photo, from 0",
    fit: (at, place) => at && onPhoto(at, place),
  }),
  /** The panel that reads all methods at the cursor: their values, or bands and profile. */
  panel: choice(/** @type {const} */ (["none", "table", "profile"]), { key: "panel", stays: BOTH }),
  /** Depth axis of the distributions. */
  axis: choice(/** @type {const} */ (["linear", "log"]), { key: "axis", stays: BOTH }),
});

/** @type {readonly (readonly [keyof View, Field<any>])[]} The table as pairs, for what is done to every field. */
export const ENTRIES = Object.freeze(/** @type {any} */ (Object.entries(FIELDS)));

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze(
  /** @type {any} */ (Object.fromEntries(ENTRIES.map(([name, { initial }]) => [name, initial]))),
);

/** The part of a view that stays on such an occasion. @param {View} view @param {"gallery"|"link"} occasion @returns {Partial<View>} */
export function staying(view, occasion) {
  const kept = ENTRIES.filter(([, { stays }]) => stays?.includes(occasion));
  return Object.fromEntries(kept.map(([name]) => [name, view[name]]));
}

/**
 * The view that the Back button leads to: the places of that address, looked at as now.
 * @param {View} now @param {View} address @returns {View}
 */
export function returned(now, address) {
  const same = now.gallery === address.gallery;
  const kept = ENTRIES.filter(
    ([, { step, stays, personal }]) => !step && (same || personal || stays?.includes("gallery")),
  );
  /** @type {View} */
  const view = { ...address, ...Object.fromEntries(kept.map(([name]) => [name, now[name]])) };
  return isDifference(view.mode) ? { ...view, mode: differenceOf(view) } : view;
}

/** The view within a gallery: frames and methods that exist, a pixel inside the picture. @param {View} view @param {Gallery} gallery @returns {View} */
export function fitted(view, gallery) {
  let now = view;
  for (const [name, { fit }] of ENTRIES) {
    if (fit) now = { ...now, [name]: fit(now[name], { ...now, gallery }) };
  }
  return now;
}

/** Whether going from one view to the other is a step of its own for the Back button. @param {View} before @param {View} after */
export function isStep(before, after) {
  const place = (/** @type {View} */ view) =>
    JSON.stringify(
      ENTRIES.filter(([, { step }]) => step).map(([name, { place: of }]) => of?.(view[name]) ?? view[name]),
    );
  return place(before) !== place(after);
}

/** Names of the fields in which two views differ. @param {View} before @param {View} after */
export function changedFields(before, after) {
  const text = (/** @type {unknown} */ value) => JSON.stringify(value); // fitting makes new lists of the same names
  return ENTRIES.flatMap(([name]) =>
    before[name] === after[name] || text(before[name]) === text(after[name]) ? [] : name,
  );
}

/** What stands as `data-` attributes of the page's root. @param {View} view @returns {Record<string, string>} */
export function hooksOf(view) {
  return Object.fromEntries(
    ENTRIES.filter(([, { hook }]) => hook).map(([name]) => [name, String(view[name])]),
  );
}
