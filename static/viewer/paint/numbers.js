/**
 * Numbers inside the pixels, once these are large enough on the screen.
 *
 * @import { Placed } from "./dots.js"
 */

/** In CSS pixels. Smaller type can't be read, larger type would shout. */
const LEAST_TYPE = 8;
const MOST_TYPE = 15;

/** Size of the type's box, in its height. */
const LINE_HEIGHT = 1.1;
const CHARACTER_WIDTH = 0.6;

/** Share of a pixel that its text may take. */
const FILL = 0.84;

/**
 * Height of type, in CSS pixels, with which text of so many characters and lines fits into a pixel; 0 = it doesn't.
 * @param {number} scale  CSS pixels per pixel @param {number} characters  of the longest line @param {number} lines
 */
export function typeSize(scale, characters, lines) {
  const size = Math.min(
    (FILL * scale) / (CHARACTER_WIDTH * characters),
    (FILL * scale) / (LINE_HEIGHT * lines),
    MOST_TYPE,
  );
  return size >= LEAST_TYPE ? size : 0;
}

/** Black or white, whichever has more contrast on a colour (WCAG 2). @param {ArrayLike<number>} rgb */
export function inkOn(rgb) {
  const [r, g, b] = [0, 1, 2].map((c) => {
    const part = rgb[c] / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > 0.179 ? "#000" : "#fff";
}

/**
 * Writes what the visible pixels hold, and clears the canvas before. Without room for it nothing is written.
 * @param {HTMLCanvasElement} canvas  sized in pixels of the screen
 * @param {Placed & {x0: number, y0: number, x1: number, y1: number}} placed  with the pixels in sight
 * @param {HTMLCanvasElement} layer  the picture at its own resolution, for the colour behind each number
 * @param {(x: number, y: number, rgb: number[]) => string[]} lines  what a pixel holds, line by line
 */
export function paintNumbers(canvas, placed, layer, lines) {
  const [context, colors] = [canvas.getContext("2d"), layer.getContext("2d")];
  if (!context || !colors) throw new Error("This browser gave the page no canvas to draw on.");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { left, top, scale, ratio, x0, y0, x1, y1 } = placed;
  if (!typeSize(scale, 1, 1) || x0 >= x1 || y0 >= y1) return;
  const { data } = colors.getImageData(x0, y0, x1 - x0, y1 - y0);
  const texts = [];
  for (let y = y0, at = 0; y < y1; y++) {
    for (let x = x0; x < x1; x++, at += 4) {
      if (data[at + 3] === 0) continue; // nothing is painted where nothing is known
      const rgb = [...data.subarray(at, at + 3)];
      texts.push({ x, y, rgb, text: lines(x, y, rgb) });
    }
  }
  const longest = texts.flatMap(({ text }) => text.map((line) => line.length));
  const size = typeSize(scale, Math.max(...longest, 1), Math.max(...texts.map(({ text }) => text.length), 1));
  if (!size) return;
  context.font = `${size * ratio}px ui-monospace, "DejaVu Sans Mono", monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { x, y, rgb, text } of texts) {
    context.fillStyle = inkOn(rgb);
    text.forEach((line, k) => {
      const down = (k - (text.length - 1) / 2) * LINE_HEIGHT * size;
      context.fillText(line, (left + (x + 0.5) * scale) * ratio, (top + (y + 0.5) * scale + down) * ratio);
    });
  }
}
