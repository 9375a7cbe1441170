/**
 * Which part of a picture a stage shows. Pure; all lengths on the screen are CSS pixels.
 *
 * All panes of the page share one window. It is written in pixels of the photo, so that pictures of other
 * resolutions show the same part.
 *
 * @typedef {{width: number, height: number}} Size
 * @typedef {"fit"|number} Zoom  Screen pixels per pixel of the photo, or as large as fits.
 * @typedef {[number, number]} Point
 * @typedef {{u: number, v: number}} Spot  A place in the photo, as fractions of its width and height.
 * @typedef {{zoom: Zoom, at: Point|null}} Window  `at` = pixel of the photo in the middle; null: its own middle.
 * @typedef {{left: number, top: number, scale: number}} Placement  Where a picture lies in its stage: its corner,
 *   and screen pixels per pixel of it.
 * @typedef {{x0: number, y0: number, x1: number, y1: number}} Visible  Whole pixels in sight; x1 and y1 are outside.
 */
import { clamp } from "./targets.js";

export const MAX_ZOOM = 64;
/** From this zoom on pixels are drawn as squares; below they are smoothed. */
const SQUARES = 2;
const SNAP = 0.12;
/** Two scales nearer than this are the same one. */
const SAME = 1e-3;

/** The scale at which a picture just fits. @param {Size} picture @param {Size} room */
export const fitScale = (picture, room) => Math.min(room.width / picture.width, room.height / picture.height);

/** Whether pixels are drawn as squares. @param {Placement} placement */
export const showsSquares = ({ scale }) => scale >= SQUARES - SAME;

/**
 * Where the photo lies in a stage. A side that is shorter than the stage is centred; a longer one leaves no gap.
 * @param {Window} window @param {Size} photo @param {Size} room @returns {Placement}
 */
export function placement({ zoom, at }, photo, room) {
  const scale = zoom === "fit" ? fitScale(photo, room) : zoom;
  const middle = at ?? [photo.width / 2, photo.height / 2];
  const along = (/** @type {number} */ size, /** @type {number} */ space, /** @type {number} */ centre) => {
    const slack = space - size * scale;
    return slack >= 0 ? slack / 2 : -clamp(centre * scale - space / 2, -slack);
  };
  return {
    left: along(photo.width, room.width, middle[0]),
    top: along(photo.height, room.height, middle[1]),
    scale,
  };
}

/**
 * Where a picture lies that shows what the photo shows: as large as fits the photo's place, in its middle.
 * @param {Placement} place  of the photo @param {Size} photo @param {Size} picture @returns {Placement}
 */
export function placedWithin({ left, top, scale }, photo, picture) {
  const share = fitScale(picture, photo);
  return {
    left: left + ((photo.width - picture.width * share) * scale) / 2,
    top: top + ((photo.height - picture.height * share) * scale) / 2,
    scale: scale * share,
  };
}

/** The pixel of a picture at a point of the stage; null beside the picture. @param {Placement} place @param {Size} picture @param {Point} point @returns {Point|null} */
export function pixelAt({ left, top, scale }, { width, height }, [x, y]) {
  const at = /** @type {Point} */ ([Math.floor((x - left) / scale), Math.floor((y - top) / scale)]);
  return at[0] >= 0 && at[1] >= 0 && at[0] < width && at[1] < height ? at : null;
}

/** Where a picture lies in the photo, in pixels of the photo. @param {Size} photo @param {Size} picture */
export const placeInPhoto = (photo, picture) => placedWithin({ left: 0, top: 0, scale: 1 }, photo, picture);

/** The pixel of a picture that is drawn at a place of the photo; null beside the picture. @param {Spot} spot @param {Size} photo @param {Size} picture */
export const pixelUnder = ({ u, v }, photo, picture) =>
  pixelAt(placeInPhoto(photo, picture), picture, [u * photo.width, v * photo.height]);

/** Where the middle of a picture's pixel lies in the photo. @param {Point} pixel @param {Size} photo @param {Size} picture @returns {Spot} */
export function spotOf([x, y], photo, picture) {
  const { left, top, scale } = placeInPhoto(photo, picture);
  return { u: (left + (x + 0.5) * scale) / photo.width, v: (top + (y + 0.5) * scale) / photo.height };
}

/** So many rows or columns of a picture are what rounding leaves out. */
const ROUNDED = 2;

/** Whether a picture has the shape of the photo, but for its rounding to whole pixels. @param {Size} photo @param {Size} picture */
export function hasShapeOf(photo, picture) {
  const { left, top, scale } = placeInPhoto(photo, picture);
  return 2 * Math.max(left, top) <= ROUNDED * scale;
}

/** The pixels of a picture that a stage shows, at least in part. @param {Placement} place @param {Size} picture @param {Size} room @returns {Visible} */
export function visiblePixels({ left, top, scale }, { width, height }, room) {
  return {
    x0: clamp(Math.floor(-left / scale), width),
    y0: clamp(Math.floor(-top / scale), height),
    x1: clamp(Math.ceil((room.width - left) / scale), width),
    y1: clamp(Math.ceil((room.height - top) / scale), height),
  };
}

/** The scales that the zoom keys stop at, between fit and the largest. @param {number} fit @returns {number[]} */
function stops(fit) {
  const powers = Array.from({ length: 12 }, (_, i) => 2 ** (i - 5)).filter((zoom) => zoom <= MAX_ZOOM);
  return [...new Set([fit, ...powers.filter((zoom) => zoom >= Math.min(1, fit))])].sort((a, b) => a - b);
}

/** The next scale for a zoom key. @param {number} scale @param {1|-1} direction @param {number} fit */
export function nextStop(scale, direction, fit) {
  const all = stops(fit);
  const next =
    direction > 0
      ? all.find((stop) => stop > scale * (1 + SAME))
      : all.findLast((stop) => stop < scale / (1 + SAME));
  return next ?? scale;
}

/**
 * The scale after turning the wheel or moving two fingers: outwards it ends at the whole picture.
 * @param {number} scale @param {number} factor @param {number} fit
 */
export const rescaled = (scale, factor, fit) => Math.max(scale * factor, Math.min(scale, fit));

/** A scale near a power of two becomes that, so that notches of a wheel end on whole pixels. @param {number} scale */
export function snapped(scale) {
  const power = 2 ** Math.round(Math.log2(scale));
  return Math.abs(scale / power - 1) < SNAP ? power : scale;
}

/**
 * The window with another scale, in which a point of the stage keeps its place on the photo.
 * @param {Placement} place  of the photo now @param {number} scale @param {Point} point @param {Size} photo @param {Size} room
 * @returns {Window}
 */
export function zoomedTo(place, scale, point, photo, room) {
  const fit = fitScale(photo, room);
  const zoom = clamp(scale, MAX_ZOOM);
  if (Math.abs(zoom / fit - 1) < SAME || zoom < Math.min(fit, 1)) return { zoom: "fit", at: null };
  const moved = {
    left: point[0] - ((point[0] - place.left) / place.scale) * zoom,
    top: point[1] - ((point[1] - place.top) / place.scale) * zoom,
    scale: zoom,
  };
  return windowOf(moved, photo, room);
}

/** The window after the photo was dragged. @param {Placement} place @param {Point} by @param {Size} photo @param {Size} room @returns {Window} */
export function draggedBy({ left, top, scale }, [dx, dy], photo, room) {
  return windowOf({ left: left + dx, top: top + dy, scale }, photo, room);
}

/** The window that places the photo so, as far as it leaves no gap. @param {Placement} wanted @param {Size} photo @param {Size} room @returns {Window} */
function windowOf({ left, top, scale }, photo, room) {
  const centre = (/** @type {number} */ corner, /** @type {number} */ space) => (space / 2 - corner) / scale;
  const zoom = Number(scale.toPrecision(4));
  const at = /** @type {Point} */ ([centre(left, room.width), centre(top, room.height)]);
  const placed = placement({ zoom: scale, at }, photo, room);
  const round = (/** @type {number} */ value) => Number(value.toFixed(2));
  return { zoom, at: [round(centre(placed.left, room.width)), round(centre(placed.top, room.height))] };
}
