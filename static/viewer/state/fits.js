/**
 * How values of the view come within the gallery that is open. Pure.
 *
 * @import { BoxChoice } from "../paint/boxes.js"
 * @import { ModeName } from "./comparison.js"
 * @import { Place } from "./field.js"
 */
import { differenceOf, isComparing, needsTruth } from "./comparison.js";
import { frameAt } from "./frames.js";
import { baselineId, clamp, isOnShow, measuredSize, truthId } from "./targets.js";

/** @param {[number, number]} pixel @param {Place} at @returns {[number, number]} */
export function insidePhoto(pixel, { gallery, index }) {
  const { width = 0, height = 0 } = frameAt(gallery, index) ?? {}; // 0 × 0: not known yet
  return width ? [clamp(pixel[0], width - 1), clamp(pixel[1], height - 1)] : pixel;
}

/** @param {[number, number]} at @param {Place} place @returns {[number, number]} */
export function onPhoto(at, { gallery, index }) {
  const { width = 0, height = 0 } = frameAt(gallery, index) ?? {};
  return width ? [clamp(at[0], width), clamp(at[1], height)] : at;
}

/**
 * A link that only names `diff` means a difference; what the gallery has no method for is depth.
 * @param {ModeName} asked @param {Place} place @returns {ModeName}
 */
export function fittedMode(asked, place) {
  const mode = place.diff && !isComparing(asked) ? differenceOf(place) : asked;
  if (needsTruth(mode) && !truthId(place.gallery, place.truth)) return "depth";
  if (mode === "gain" && !baselineId(place)) return "depth";
  if (needsTruth(mode)) return mode;
  return place.diff === 0 || isOnShow(place.diff, place) ? mode : "depth";
}

/** The part of a box that lies in the depth that is measured against. @param {[number, number, number, number]} box @param {Place} at @returns {BoxChoice} */
export function boxInside([x, y, w, h], at) {
  const size = measuredSize(at);
  if (!size) return [x, y, w, h];
  const { width, height } = size;
  if (x >= width || y >= height) return "none";
  return [x, y, Math.min(w, width - x), Math.min(h, height - y)];
}
