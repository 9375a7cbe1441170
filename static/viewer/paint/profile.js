/**
 * Depth along a row of a picture as the path of a drawing; pure.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Ends } from "./scale.js"
 *
 * @typedef {{from: number, size: number}} Part  of the width, as fractions
 * @typedef {{left: number, top: number, width: number, height: number}} Area  of the drawing
 */
import { DEPTH_SCALE } from "./depth.js";
import { shareOf } from "./scale.js";

/** Where a place of the width lies in a drawing. @param {number} u  fraction @param {Part} part @param {Area} area */
export const xOfPlace = (u, { from, size }, { left, width }) => left + ((u - from) / size) * width;

/** Where a depth lies; beyond the ends of the scale at its end. @param {number} metres @param {Ends} scale @param {Area} area */
export function yOfDepth(metres, scale, { top, height }) {
  const share = Math.min(1, Math.max(0, shareOf(metres, scale)));
  return top + (1 - share) * height;
}

/**
 * A line through the depths of a row, broken where there is none; or a dot for each.
 * @param {DepthPicture} picture @param {number} row
 * @param {{part: Part, scale: Ends, area: Area, dots: boolean}} how
 */
export function profilePath({ width, values }, row, { part, scale, area, dots }) {
  const first = Math.max(0, Math.floor(part.from * width));
  const end = Math.min(width, Math.ceil((part.from + part.size) * width));
  let path = "";
  let goesOn = false;
  for (let column = first; column < end; column++) {
    const stored = values[row * width + column];
    if (stored === 0) goesOn = false;
    if (stored === 0) continue;
    const x = xOfPlace((column + 0.5) / width, part, area).toFixed(1);
    const y = yOfDepth(stored / DEPTH_SCALE, scale, area).toFixed(1);
    // A line of no length has round ends, so that a pixel alone is a dot.
    path += goesOn && !dots ? `L${x} ${y}` : `M${x} ${y}h0`;
    goesOn = true;
  }
  return path;
}
