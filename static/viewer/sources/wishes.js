/**
 * Which pictures the page should load now.
 *
 * @import { Frame, Gallery, Method, Photo, Picture, State } from "../state/types.js"
 * @import { Wish } from "./frame-cache.js"
 * @import { Source } from "./source.js"
 */
import { modeFor } from "../modes/index.js";
import { frameAt } from "../state/frames.js";
import { measuredAgainst, visibleMethods, walkOf } from "../state/selectors.js";
import { bitmapOf } from "./bitmap.js";

/** Method id of the colour photo; galleries never use it for a method. */
export const PHOTO = "image";

/** @param {Gallery} gallery @param {string} methodId @param {Frame} frame */
export function pictureKey(gallery, methodId, frame) {
  const method = gallery.methods.find(({ id }) => id === methodId);
  return JSON.stringify([gallery.id, methodId, frame.id, frame.version, method?.read_as]);
}

/** Whether a key is that of a picture of this frame. @param {string} key @param {Frame|null} frame */
export const isOfFrame = (key, frame) => frame !== null && JSON.parse(key)[2] === frame.id;

/**
 * Why a frame has no picture of a method (no photo: null), as far as the gallery knows; null when it should have one.
 * @param {Method|null} method @param {Frame} frame
 */
export function knownGap(method, frame) {
  if (!method) return frame.has_image ? null : "This frame has no photo.";
  const broken = frame.broken?.[method.id];
  if (broken) return broken;
  return frame.missing?.includes(method.id) ? "This method has no picture of this frame." : null;
}

/**
 * Pictures to load, most urgent first: the frame on show, then its neighbours on the walk.
 * @param {State} state @param {Source} source
 * @returns {Wish<Picture>[]}
 */
export function wishesFor(state, source) {
  const { gallery, view } = state;
  if (!gallery) return [];
  const walk = walkOf(state);
  const at = walk.indexOf(view.index);
  const frames = [view.index, walk[at + 1], walk[at - 1]].flatMap((i) => frameAt(gallery, i) ?? []);
  const methods = neededMethods(state);
  return frames.flatMap((frame) => frameWishes(gallery, frame, methods, source));
}

/** The visible methods, then the other methods that their modes need. @param {State} state @returns {Method[]} */
function neededMethods(state) {
  const shown = visibleMethods(state);
  const needed = shown.flatMap((method) => modeFor(state, method).needs(state, method));
  return [...new Set([...shown, ...needed, measuredAgainst(state)])].filter((method) => method !== null);
}

/**
 * @param {Gallery} gallery @param {Frame} frame @param {Method[]} methods @param {Source} source
 * @returns {Wish<Picture>[]}
 */
function frameWishes(gallery, frame, methods, source) {
  /** @type {Wish<Picture>[]} */
  const pictures = methods
    .filter((method) => knownGap(method, frame) === null)
    .map((method) => ({
      key: pictureKey(gallery, method.id, frame),
      load: (signal) => source.picture(gallery, method, frame, signal),
    }));
  if (knownGap(null, frame)) return pictures;
  return [
    {
      key: pictureKey(gallery, PHOTO, frame),
      load: (signal) => loadPhoto(source, gallery, frame, signal),
    },
    ...pictures,
  ];
}

/** @param {Source} source @param {Gallery} gallery @param {Frame} frame @param {AbortSignal} signal @returns {Promise<Photo>} */
async function loadPhoto(source, gallery, frame, signal) {
  const bitmap = await bitmapOf(await source.photo(gallery, frame, signal));
  return { unit: "photo", width: bitmap.width, height: bitmap.height, bitmap };
}

/** Bytes that a picture keeps in memory. @param {Picture} picture */
export function sizeOf(picture) {
  return picture.width * picture.height * (picture.unit === "m" ? 2 : 4);
}
