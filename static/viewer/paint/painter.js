/**
 * Pictures to canvas pixels. A table of 65,536 colours turns depth into colour in one look-up per pixel
 * (about 1 ms for a KITTI frame), so a 2-D canvas is fast enough, and its pixels can be read exactly.
 * Formula: scale.js.
 *
 * @import { DepthPicture, ColorPicture, Photo, Scale } from "../state/types.js"
 */
import { colorTable } from "./colormaps.js";
import { DEPTH_SCALE, NO_DIFFERENCE } from "./depth.js";
import { colorIndex } from "./scale.js";

/** @type {Map<string, Uint32Array>} Look-up tables by colour map and ends; a session needs a handful. */
const lookups = new Map();
const MAX_LOOKUPS = 24;

/** Entries of a colour table as opaque pixels, in ImageData's byte order. @param {string} cmap */
function packedTable(cmap) {
  const table = colorTable(cmap);
  const bytes = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) bytes.set([table[3 * i], table[3 * i + 1], table[3 * i + 2], 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

/**
 * Packed colours for the stored numbers 0 … `count − 1`, each meaning (number + offset) / 256 metres.
 * @param {Scale} scale @param {number} offset @param {number} count
 */
function lookup(scale, offset, count) {
  const key = JSON.stringify([scale, offset]);
  const known = lookups.get(key);
  if (known) return known;
  const colors = packedTable(scale.cmap);
  const out = new Uint32Array(count);
  for (let i = 0; i < count; i++) out[i] = colors[colorIndex((i + offset) / DEPTH_SCALE, scale)];
  if (lookups.size >= MAX_LOOKUPS) lookups.delete(/** @type {string} */ (lookups.keys().next().value));
  lookups.set(key, out);
  return out;
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function prepare(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gave the page no canvas to draw on.");
  return context;
}

/**
 * Depth as colours; no data stays transparent.
 * @param {HTMLCanvasElement} canvas @param {DepthPicture} picture
 * @param {Scale} scale
 */
export function paintDepth(canvas, picture, scale) {
  const context = prepare(canvas, picture.width, picture.height);
  const image = context.createImageData(picture.width, picture.height);
  const out = new Uint32Array(image.data.buffer);
  const colors = lookup(scale, 0, 65536);
  const { values } = picture;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) out[i] = colors[values[i]];
  context.putImageData(image, 0, 0);
}

/**
 * A difference (see `depthDifference`) as colours; pixels without one stay transparent.
 * @param {HTMLCanvasElement} canvas @param {Int32Array} difference
 * @param {{width: number, height: number}} size @param {Scale} scale
 */
export function paintDifference(canvas, difference, { width, height }, scale) {
  const context = prepare(canvas, width, height);
  const image = context.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const offset = scale.min < 0 ? -65535 : 0;
  const colors = lookup(scale, offset, 65536 - offset);
  for (let i = 0; i < difference.length; i++) {
    if (difference[i] !== NO_DIFFERENCE) out[i] = colors[difference[i] - offset];
  }
  context.putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {ColorPicture} picture */
export function paintColors(canvas, { width, height, pixels }) {
  const context = prepare(canvas, width, height);
  const image = context.createImageData(width, height);
  image.data.set(pixels);
  context.putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {Photo} photo */
export function paintPhoto(canvas, { width, height, bitmap }) {
  prepare(canvas, width, height).drawImage(bitmap, 0, 0);
}

/** @param {HTMLCanvasElement} canvas */
export function clear(canvas) {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * The colour bar: 256 × 1 pixels, pixel i = entry i of the table.
 * @param {HTMLCanvasElement} canvas @param {Scale} scale
 */
export function paintColorBar(canvas, { cmap, min, max, log }) {
  const context = prepare(canvas, 256, 1);
  const image = context.createImageData(256, 1);
  new Uint32Array(image.data.buffer).set(packedTable(cmap));
  context.putImageData(image, 0, 0);
  Object.assign(canvas.dataset, {
    colorbar: cmap,
    minM: String(min),
    maxM: String(max),
    spread: log ? "log" : "linear",
  });
}
