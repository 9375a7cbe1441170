/**
 * Depth arithmetic; pure. Depth travels as whole numbers of 1/256 m, where 0 means "no data".
 *
 * How a value v in metres becomes the colour of a pixel, for depths and differences alike:
 *
 *     index = clip(floor(256 · (v − min) / (max − min)), 0, 255)            linear
 *     index = clip(floor(256 · ln(v / min) / ln(max / min)), 0, 255)        logarithmic
 *
 * and the pixel is entry `index` of the colour table with alpha 255; pixels without data are (0, 0, 0, 0).
 * The table and its ends can be read from the colour bars: `canvas[data-colorbar]` is 256 × 1 pixels, pixel i
 * is entry i; `data-min-m`, `data-max-m` are the ends and `data-spread` is "linear" or "log". All of it is
 * double precision, so that a script can predict every pixel.
 *
 * @import { DepthPicture, ColorPicture, Scale } from "./types.js"
 */

/** Stored whole numbers per metre. */
export const DEPTH_SCALE = 256;

/**
 * Entry of a 256-colour table for `value` in metres; 0 for what has no logarithm.
 * @param {number} value @param {Pick<Scale, "min"|"max"|"log">} scale
 */
export function colorIndex(value, { min, max, log }) {
  const index = log
    ? (256 * Math.log(Math.max(value, min) / min)) / Math.log(max / min)
    : (256 * (value - min)) / (max - min);
  return Math.min(255, Math.max(0, Math.floor(index)));
}

/**
 * Depth picture from the bytes of `…/{frame}.u16`: little-endian, row by row.
 * Throws an Error that says so when the bytes don't fill the picture.
 * @param {ArrayBuffer} bytes @param {number} width @param {number} height
 * @returns {DepthPicture}
 */
export function decodeDepth(bytes, width, height) {
  if (!(width > 0 && height > 0) || bytes.byteLength !== 2 * width * height) {
    throw new Error(
      `The depth should be ${width} × ${height} pixels, but ${bytes.byteLength} bytes arrived.`,
    );
  }
  return { unit: "m", width, height, values: new Uint16Array(bytes) };
}

/**
 * Depth picture from metres, as 16-bit files keep them: rounded to 1/256 m and at least 1; 0 where not above 0.
 * @param {Float32Array} metres @param {number} width @param {number} height
 * @returns {DepthPicture}
 */
export function quantizeDepth(metres, width, height) {
  const values = new Uint16Array(metres.length);
  for (let i = 0; i < metres.length; i++) {
    const metre = metres[i];
    if (metre > 0) values[i] = Math.min(65535, Math.max(1, Math.round(metre * DEPTH_SCALE)));
  }
  return { unit: "m", width, height, values };
}

/**
 * Float32 [H, W] from a NumPy .npy file (version 1 or 2, C order, little-endian).
 * Throws an Error for any other content.
 * @param {ArrayBuffer} bytes
 * @returns {{width: number, height: number, values: Float32Array}}
 */
export function parseNpy(bytes) {
  const head = new DataView(bytes);
  if (bytes.byteLength < 12 || head.getUint32(0) !== 0x934e554d || head.getUint16(4) !== 0x5059) {
    throw new Error("The server's answer is not a depth array (.npy).");
  }
  const wide = head.getUint8(6) > 1;
  const start = (wide ? 12 : 10) + (wide ? head.getUint32(8, true) : head.getUint16(8, true));
  const text = new TextDecoder("latin1").decode(bytes.slice(wide ? 12 : 10, start));
  const shape = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(text);
  if (!shape) throw new Error(`The server's depth array has an unexpected form: ${text.trim()}`);
  const [height, width] = [Number(shape[1]), Number(shape[2])];
  if (bytes.byteLength < start + 4 * width * height) throw new Error("The server's depth array is cut off.");
  return { width, height, values: new Float32Array(bytes.slice(start, start + 4 * width * height)) };
}

/**
 * Differences of depth `b` to reference `a`, in 1/256 m: b − a, or |b − a| unless `signed`, and their statistics
 * (null when no pixel has one). Pixels that either lacks have no difference: they hold `NO_DIFFERENCE`.
 * @param {DepthPicture} a @param {DepthPicture} b @param {boolean} signed
 * @returns {{values: Int32Array, statistics: Statistics|null}}
 */
export function depthDifference(a, b, signed) {
  const [from, to, values] = [a.values, b.values, new Int32Array(a.values.length)];
  let [min, max, sum, count] = [NO_DIFFERENCE, -NO_DIFFERENCE, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const p = from[i];
    const q = to[i];
    if (p === 0 || q === 0) {
      values[i] = NO_DIFFERENCE;
      continue;
    }
    const value = signed || q >= p ? q - p : p - q;
    values[i] = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
  }
  const s = DEPTH_SCALE;
  const statistics = count
    ? { min: min / s, mean: sum / count / s, max: max / s, share: count / values.length }
    : null;
  return { values, statistics };
}

/** Can't be a difference of two 16-bit numbers. */
export const NO_DIFFERENCE = 0x7fffffff;

/**
 * |ΔRGB| per channel with alpha 255, as the first viewers drew it.
 * @param {ColorPicture} a @param {ColorPicture} b
 * @returns {ColorPicture}
 */
export function colorDifference(a, b) {
  const pixels = new Uint8ClampedArray(a.pixels.length);
  for (let i = 0; i < pixels.length; i += 4) {
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.abs(a.pixels[i + c] - b.pixels[i + c]);
    pixels[i + 3] = 255;
  }
  return { unit: "rgb", width: a.width, height: a.height, pixels };
}

/**
 * @typedef {object} Statistics  In metres (or grey levels); `share` of the pixels has a difference.
 * @property {number} min @property {number} mean @property {number} max @property {number} share
 */

/**
 * Statistics of a colour difference over its three channels, in grey levels 0–255.
 * @param {ColorPicture} difference
 * @returns {Statistics}
 */
export function colorStatistics({ pixels }) {
  let [min, max, sum] = [255, 0, 0];
  for (let i = 0; i < pixels.length; i += 4) {
    for (let c = 0; c < 3; c++) {
      const value = pixels[i + c];
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
  }
  return { min, mean: sum / ((pixels.length / 4) * 3), max, share: 1 };
}

/**
 * What a picture says at one pixel, in metres; NaN without data.
 * @param {DepthPicture} picture @param {number} x @param {number} y
 */
export function depthAt(picture, x, y) {
  const value = picture.values[y * picture.width + x];
  return value ? value / DEPTH_SCALE : NaN;
}

/**
 * Round steps of a linear scale: at most `count` of them from min to max, the ends only where they are round.
 * @param {number} min @param {number} max @param {number} count
 */
export function ticks(min, max, count) {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((nice) => nice * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Round steps of a logarithmic scale: 1, 2, 5, 10, … within it.
 * @param {number} min @param {number} max
 */
export function logTicks(min, max) {
  const steps = [0.01, 0.1, 1, 10, 100].flatMap((power) => [power, 2 * power, 5 * power]);
  return [...steps.map((step) => Number(step.toPrecision(3))), max].filter(
    (step, i, all) => step >= min && step <= max && all.indexOf(step) === i,
  );
}

/**
 * End of the difference colours when nobody chose one: about an eighth of the depth range (80 m: 10 m).
 * @param {number} maxDepth metres
 */
export function defaultDifferenceMax(maxDepth) {
  return DIFFERENCE_SCALES.findLast((scale) => scale <= maxDepth / 8) ?? DIFFERENCE_SCALES[0];
}

/** Ends offered for the difference colours, in metres. */
export const DIFFERENCE_SCALES = Object.freeze([0.25, 0.5, 1, 2, 5, 10, 20, 40, 80]);
