/**
 * Pictures to canvas pixels. A table of colours (lookup.js) turns stored numbers into colours in one look-up per
 * pixel, so a 2-D canvas is fast enough, and its pixels can be read exactly.
 *
 * @import { DepthPicture, ColorPicture, Photo, Scale } from "../state/types.js"
 */
import { beyondColors } from "./colormaps.js";
import { DEPTH_SCALE, NO_DIFFERENCE, NO_DISTANCE } from "./depth.js";
import { NO_RATIO, RATIO_SCALE } from "./errors.js";
import { lookup, packedTable } from "./lookup.js";

const DEPTHS = Object.freeze({ first: 0, last: 65535, none: 0, perUnit: DEPTH_SCALE });
const DISTANCES = Object.freeze({ ...DEPTHS, none: NO_DISTANCE });
const DIFFERENCES = Object.freeze({ ...DEPTHS, first: NO_DIFFERENCE, none: NO_DIFFERENCE });

const RATIOS = Object.freeze({ first: NO_RATIO, last: RATIO_SCALE, none: NO_RATIO, perUnit: RATIO_SCALE });

/** @type {ImageData[]} Pixels on their way to a canvas. Panes share a few sizes, so a few buffers serve all of them. */
const buffers = [];
const MAX_BUFFERS = 3;

/** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
export function bufferFor(context, width, height) {
  const known = buffers.find((buffer) => buffer.width === width && buffer.height === height);
  if (known) return known;
  if (buffers.length >= MAX_BUFFERS) buffers.shift();
  const made = context.createImageData(width, height);
  buffers.push(made);
  return made;
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
export function prepare(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gave the page no canvas to draw on.");
  return context;
}

/**
 * What stored numbers looked like when they were painted last, least recently used first: to show them again, as a
 * key that is pressed twice does, is to copy these pixels.
 * @type {{values: Stored, colors: Uint32Array, image: ImageData}[]}
 */
const painted = [];
/** About 37 KITTI pictures. */
export const PAINTED_BYTES = 64 * 2 ** 20;

/** @typedef {Uint8Array|Uint16Array|Int32Array} Stored */

/**
 * @param {Stored} values @param {{width: number, height: number}} size
 * @param {Uint32Array} colors @param {number} first
 */
function pixelsOf(values, size, colors, first) {
  const at = painted.findIndex((entry) => entry.values === values);
  const known = at < 0 ? null : painted.splice(at, 1)[0];
  if (known?.colors === colors) {
    painted.push(known);
    return known.image;
  }
  const image = known?.image ?? roomFor(size);
  fill(new Uint32Array(image.data.buffer), values, colors, first);
  painted.push({ values, colors, image });
  return image;
}

/** Pixels to be filled: those that were not used for longest, once there are many. @param {{width: number, height: number}} size */
function roomFor({ width, height }) {
  let bytes = painted.reduce((sum, { image }) => sum + image.data.length, 4 * width * height);
  while (bytes > PAINTED_BYTES && painted.length) {
    const { image } = painted.splice(0, 1)[0];
    if (image.width === width && image.height === height) return image;
    bytes -= image.data.length;
  }
  return new ImageData(width, height);
}

/** @param {Uint32Array} out @param {Stored} values @param {Uint32Array} colors @param {number} first */
function fill(out, values, colors, first) {
  const inPairs = values instanceof Uint16Array && first === 0 && values.byteOffset % 4 === 0;
  if (inPairs) return fillPairs(out, values, colors);
  for (let i = 0; i < values.length; i++) out[i] = colors[values[i] - first];
}

/** Nearly all that is ever painted, by two numbers at once: a third faster. @param {Uint32Array} out @param {Uint16Array} values @param {Uint32Array} colors */
function fillPairs(out, values, colors) {
  const pairs = new Uint32Array(values.buffer, values.byteOffset, values.length >> 1);
  for (let i = 0, k = 0; i < pairs.length; i++, k += 2) {
    const pair = pairs[i];
    out[k] = colors[pair & 65535];
    out[k + 1] = colors[pair >>> 16];
  }
  if (values.length % 2) out[values.length - 1] = colors[values[values.length - 1]];
}

/**
 * Stored whole numbers as colours, row by row.
 * @param {HTMLCanvasElement|null} canvas  null: only keep the pixels, to be shown soon
 * @param {Stored} values
 * @param {{width: number, height: number}} size
 * @param {Uint32Array} colors  of a number n: entry n − `first` @param {number} first
 */
export function paintValues(canvas, values, size, colors, first) {
  const image = pixelsOf(values, size, colors, first);
  if (canvas) prepare(canvas, size.width, size.height).putImageData(image, 0, 0);
}

/**
 * Depth as colours; no data stays transparent.
 * @param {HTMLCanvasElement|null} canvas @param {DepthPicture} picture
 * @param {Scale} scale
 */
export function paintDepth(canvas, picture, scale) {
  paintValues(canvas, picture.values, picture, lookup(scale, DEPTHS), DEPTHS.first);
}

/**
 * A difference (see `depthDifference`) as colours; pixels without one stay transparent.
 * @param {HTMLCanvasElement|null} canvas @param {Int32Array} difference
 * @param {{width: number, height: number}} size @param {Scale} scale
 */
export function paintDifference(canvas, difference, size, scale) {
  paintValues(canvas, difference, size, lookup(scale, DIFFERENCES), DIFFERENCES.first);
}

/**
 * Distances (see `depthDistance`) as colours; pixels without one stay transparent.
 * @param {HTMLCanvasElement|null} canvas @param {Uint16Array} distances
 * @param {{width: number, height: number}} size @param {Scale} scale
 */
export function paintDistance(canvas, distances, size, scale) {
  paintValues(canvas, distances, size, lookup(scale, DISTANCES), DISTANCES.first);
}

/**
 * A relative difference (see `relativeDifference`) as colours; pixels without one stay transparent.
 * @param {HTMLCanvasElement|null} canvas @param {Int32Array} ratios
 * @param {{width: number, height: number}} size @param {Scale} scale
 */
export function paintRatio(canvas, ratios, size, scale) {
  paintValues(canvas, ratios, size, lookup(scale, RATIOS), RATIOS.first);
}

/** @param {HTMLCanvasElement|null} canvas @param {ColorPicture} picture */
export function paintColors(canvas, { width, height, pixels }) {
  if (!canvas) return;
  const context = prepare(canvas, width, height);
  const image = bufferFor(context, width, height);
  image.data.set(pixels);
  context.putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement|null} canvas @param {Photo} photo */
export function paintPhoto(canvas, { width, height, bitmap }) {
  if (!canvas) return;
  const context = prepare(canvas, width, height);
  context.clearRect(0, 0, width, height); // a photo may be transparent in places
  context.drawImage(bitmap, 0, 0);
}

/** @param {HTMLCanvasElement} canvas */
export function clear(canvas) {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * The colour bar: 256 × 1 pixels, pixel i = entry i of the table.
 * @param {HTMLCanvasElement} canvas @param {Scale} scale
 */
export function paintColorBar(canvas, { cmap, min, max, spread }) {
  const context = prepare(canvas, 256, 1);
  const image = context.createImageData(256, 1);
  new Uint32Array(image.data.buffer).set(packedTable(cmap));
  context.putImageData(image, 0, 0);
  const { under, over } = beyondColors(cmap);
  Object.assign(canvas.dataset, {
    colorbar: cmap,
    minM: String(min),
    maxM: String(max),
    spread,
    under: hex(under),
    over: hex(over),
  });
}

/** @param {number[]} rgb */
const hex = (rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
