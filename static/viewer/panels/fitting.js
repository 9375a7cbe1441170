/**
 * How many numbers all labels of panes have room for, so that the same ones stand in each. Widths of words are measured
 * without the page, which would have to be laid out for that.
 */

/**
 * How many of its pieces the fullest line has room for.
 * @param {readonly {room: number, pieces: readonly number[]}[]} lines  CSS pixels that are free, and widths in order
 * @param {number} gap  before each piece
 */
export function fittingCount(lines, gap) {
  const fits = lines.map(({ room, pieces }) => {
    let end = 0;
    const beyond = pieces.findIndex((width) => (end += width + gap) > room);
    return beyond < 0 ? pieces.length : beyond;
  });
  return Math.min(...fits);
}

/** Size of the page's text; viewer.css has the same number. */
const TEXT_REM = 0.8125;

/** @type {Map<string, number>} by font and words */
const widths = new Map();
const MAX_WIDTHS = 4000;
/** @type {CanvasRenderingContext2D|null} */
let context = null;

/** Width of words in CSS pixels. @param {string} words @param {{rem: number, weight?: number}} font */
export function widthOf(words, { rem, weight = 400 }) {
  if (!words) return 0;
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return 0;
  const font = `${weight} ${rem * remPx()}px ${fontFamily()}`;
  const key = `${font} ${words}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > MAX_WIDTHS) widths.clear();
    context.font = font;
    widths.set(key, (width = context.measureText(words).width));
  }
  return width;
}

/** @type {CSSStyleDeclaration|null} it follows the page */
let style = null;
const pageStyle = () => (style ??= getComputedStyle(document.body));
const fontFamily = () => pageStyle().fontFamily;

/** CSS pixels of a rem, which the page's own text is a part of. */
export const remPx = () => parseFloat(pageStyle().fontSize) / TEXT_REM;
