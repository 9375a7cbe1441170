/**
 * Sparse pictures as dots: each pixel that a mode painted becomes a dot that can be seen at any zoom. The dots are
 * drawn at the screen's resolution, pixel by pixel into one buffer: that takes about a millisecond for the 20,000
 * returns of a laser, and paths take far longer.
 *
 * @typedef {object} Points  The painted pixels of a layer.
 * @property {Uint32Array} at  y × width + x
 * @property {Uint32Array} colors  packed as in ImageData
 * @property {number} width  of the picture
 *
 * @typedef {object} Placed  Where a picture lies in a canvas that is larger or smaller.
 * @property {number} left  of the picture's corner, in CSS pixels from that of the canvas
 * @property {number} top
 * @property {number} scale  CSS pixels per pixel of the picture
 * @property {number} ratio  pixels of the canvas per CSS pixel
 *
 * @typedef {{width: number, height: number, data: Uint8ClampedArray}} Screen  Pixels of the canvas.
 *
 * @typedef {object} Stamp  A dot in pixels of the canvas, around its middle.
 * @property {number} reach  The farthest of them from the middle, in either direction.
 * @property {Int16Array} dx
 * @property {Int16Array} dy
 * @property {Uint8Array} tone  share of the dot's colour, the rest is black: 255 inside, less on the ring
 * @property {Uint8Array} alpha
 */
import { bufferFor } from "./painter.js";

/** A dot is never smaller, in CSS pixels. */
const LEAST_DIAMETER = 2.5;

/** Dots from this size on have a dark ring, so that they stand out from a bright photo. */
const RINGED_DIAMETER = 5;
const RING_ALPHA = 150;

/** Pixels of this size can be seen as they are. */
const LARGEST_SCALE = 8;

/** Whether pixels are so small on the screen that they need dots. @param {number} scale  CSS pixels per pixel */
export const needsDots = (scale) => scale < LARGEST_SCALE;

/** Diameter of a dot in CSS pixels: grows with the zoom. @param {number} scale */
export const dotDiameter = (scale) => Math.max(LEAST_DIAMETER, 1.5 + 0.8 * scale);

/**
 * The pixels of a layer that were painted, among those where a sparse picture holds depth.
 * @param {{width: number, data: Uint8ClampedArray}} layer @param {Uint32Array} returns  y × width + x @returns {Points}
 */
export function pointsOf({ width, data }, returns) {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
  const at = returns.filter((i) => pixels[i] !== 0);
  return { width, at, colors: at.map((i) => pixels[i]) };
}

/** @param {number} diameter  in pixels of the canvas @param {number} ring  width of the ring in the same @returns {Stamp} */
export function stampOf(diameter, ring) {
  const radius = diameter / 2;
  const reach = Math.ceil(radius + ring - 0.5);
  const [dx, dy, tone, alpha] = [[], [], [], []].map((list) => /** @type {number[]} */ (list));
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const distance = Math.hypot(x, y);
      const [dot, whole] = [radius, radius + ring].map((r) => Math.min(1, Math.max(0, r + 0.5 - distance)));
      if (whole === 0) continue;
      dx.push(x);
      dy.push(y);
      tone.push(ring ? 255 * dot : 255);
      alpha.push(ring ? 255 * dot + RING_ALPHA * (whole - dot) : 255 * whole);
    }
  }
  return {
    reach,
    dx: Int16Array.from(dx),
    dy: Int16Array.from(dy),
    tone: Uint8Array.from(tone),
    alpha: Uint8Array.from(alpha),
  };
}

/**
 * Draws the dots that lie in the canvas, and clears it before.
 * @param {HTMLCanvasElement} canvas  sized in pixels of the screen @param {Points} points @param {Placed} placed
 */
export function paintDots(canvas, points, placed) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gave the page no canvas to draw on.");
  const image = bufferFor(context, canvas.width, canvas.height);
  image.data.fill(0);
  const diameter = dotDiameter(placed.scale);
  const ring = diameter >= RINGED_DIAMETER ? placed.ratio : 0;
  drawDots(image, points, placed, stampOf(diameter * placed.ratio, ring));
  context.putImageData(image, 0, 0);
}

/**
 * @param {Screen} image @param {Points} points
 * @param {Placed} placed @param {Stamp} stamp
 */
export function drawDots(image, { at, colors, width }, { left, top, scale, ratio }, stamp) {
  const { reach, tone } = stamp;
  const out = new Uint32Array(image.data.buffer);
  // Small dots have one colour, and most of them lie inside: those are nearly all that ever has to be fast.
  const steps = tone.every((share) => share === 255) ? stepsOf(stamp, image.width) : null;
  for (let i = 0; i < at.length; i++) {
    const column = at[i] % width;
    const x = Math.floor((left + (column + 0.5) * scale) * ratio);
    const y = Math.floor((top + ((at[i] - column) / width + 0.5) * scale) * ratio);
    if (x < -reach || y < -reach || x >= image.width + reach || y >= image.height + reach) continue;
    const whole = x >= reach && y >= reach && x < image.width - reach && y < image.height - reach;
    if (steps && whole) drawWhole(out, y * image.width + x, colors[i], steps, stamp.alpha);
    else drawDot(image, x, y, colors[i], stamp);
  }
}

/** Where the pixels of a stamp lie from its middle, in an image of this width. @param {Stamp} stamp @param {number} width */
const stepsOf = ({ dx, dy }, width) => Int32Array.from(dx, (x, k) => dy[k] * width + x);

/**
 * A dot of one colour that lies inside the image.
 * @param {Uint32Array} out @param {number} middle @param {number} color @param {Int32Array} steps @param {Uint8Array} alpha
 */
function drawWhole(out, middle, color, steps, alpha) {
  const opaque = color & 0xffffff;
  for (let k = 0; k < steps.length; k++) {
    const to = middle + steps[k];
    if (out[to] >>> 24 <= alpha[k]) out[to] = opaque | (alpha[k] << 24);
  }
}

/**
 * Where dots touch, the inside of one stands before the edge of another.
 * @param {Screen} image @param {number} x @param {number} y @param {number} color @param {Stamp} stamp
 */
function drawDot({ width, height, data }, x, y, color, { dx, dy, tone, alpha }) {
  const [red, green, blue] = [color & 255, (color >> 8) & 255, (color >> 16) & 255];
  for (let k = 0; k < dx.length; k++) {
    const [column, row] = [x + dx[k], y + dy[k]];
    if (column < 0 || row < 0 || column >= width || row >= height) continue;
    const to = 4 * (row * width + column);
    if (data[to + 3] > alpha[k]) continue;
    data[to] = (red * tone[k]) / 255;
    data[to + 1] = (green * tone[k]) / 255;
    data[to + 2] = (blue * tone[k]) / 255;
    data[to + 3] = alpha[k];
  }
}
