/**
 * Arithmetic on pictures that hold colours; pure.
 *
 * @import { ColorPicture } from "../state/types.js"
 */

/**
 * |ΔRGB| per channel with alpha 255, as the published viewers draw it.
 * @param {ColorPicture} a @param {ColorPicture} b
 * @returns {ColorPicture}
 */
export function absoluteDifference(a, b) {
  const pixels = new Uint8ClampedArray(a.pixels.length);
  for (let i = 0; i < pixels.length; i += 4) {
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.abs(a.pixels[i + c] - b.pixels[i + c]);
    pixels[i + 3] = 255;
  }
  return { unit: "rgb", width: a.width, height: a.height, pixels };
}

/**
 * Statistics of a colour difference over its three channels, in grey levels 0–255.
 * @param {ColorPicture} difference
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
  return { min, mean: sum / ((pixels.length / 4) * 3), max };
}

/**
 * R, G and B of one pixel.
 * @param {ColorPicture} picture @param {number} x @param {number} y
 */
export function colorAt({ width, pixels }, x, y) {
  const at = 4 * (y * width + x);
  return [...pixels.subarray(at, at + 3)];
}
