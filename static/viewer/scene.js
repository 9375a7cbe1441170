/**
 * What belongs on the page for a state: which pictures to load, and what each pane shows. No DOM here.
 *
 * @import { ColorPicture, DepthPicture, Frame, Gallery, Method, Photo, Picture, Scale, State } from "./types.js"
 * @import { Source } from "./sources.js"
 * @import { Settled, Wish } from "./frame-cache.js"
 *
 * @typedef {{mode: "loading", message: string}
 *   | {mode: "error", message: string, retry: boolean}
 *   | {mode: "image", picture: Photo}
 *   | {mode: "depth", picture: DepthPicture, scale: Scale}
 *   | {mode: "rgb", picture: ColorPicture}
 *   | {mode: "diff", picture: DepthPicture, reference: DepthPicture, signed: boolean, scale: Scale}
 *   | {mode: "rgb-diff", picture: ColorPicture, reference: ColorPicture}} Content
 */
import { ABSOLUTE_MAP, SIGNED_MAP } from "./colormaps.js";
import { isAbort, messageOf } from "./http.js";
import { bitmapOf } from "./sources.js";
import { currentFrame, depthScale, differenceMax, visibleMethods, walkOf } from "./store.js";

/** Method id of the colour photo; galleries never use it for a method. */
export const PHOTO = "image";

/** @param {Gallery} gallery @param {string} methodId @param {Frame} frame */
export const pictureKey = (gallery, methodId, frame) => JSON.stringify([gallery.id, methodId, frame.id]);

/** Why a frame has no picture of a method, as far as the gallery knows; null when it should have one. */
/** @param {Method} method @param {Frame} frame */
function knownGap(method, frame) {
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
  const frames = [view.index, walk[at + 1], walk[at - 1]].flatMap((i) => gallery.frames[i] ?? []);
  return frames.flatMap((frame) => frameWishes(gallery, frame, visibleMethods(state), source));
}

/**
 * @param {Gallery} gallery @param {Frame} frame @param {Method[]} methods @param {Source} source
 * @returns {Wish<Picture>[]}
 */
function frameWishes(gallery, frame, methods, source) {
  /** @type {Wish<Picture>[]} */
  const wishes = [];
  if (frame.has_image) {
    wishes.push({
      key: pictureKey(gallery, PHOTO, frame),
      load: (signal) => loadPhoto(source, gallery, frame, signal),
    });
  }
  for (const method of methods) {
    if (knownGap(method, frame)) continue;
    wishes.push({
      key: pictureKey(gallery, method.id, frame),
      load: (signal) => source.picture(gallery, method, frame, signal),
    });
  }
  return wishes;
}

/** @param {Source} source @param {Gallery} gallery @param {Frame} frame @param {AbortSignal} signal @returns {Promise<Photo>} */
async function loadPhoto(source, gallery, frame, signal) {
  const bitmap = await bitmapOf(await source.photo(gallery, frame, signal));
  return { unit: "photo", width: bitmap.width, height: bitmap.height, bitmap };
}

/**
 * What the pane of a method (or of the photo: null) shows.
 * @param {State} state @param {Method|null} method @param {(key: string) => Settled<Picture>|null} peek
 * @returns {Content}
 */
export function contentFor(state, method, peek) {
  const own = lookUp(state, method, peek);
  if ("mode" in own) return own;
  if (own.unit === "photo") return { mode: "image", picture: own };
  const reference = visibleMethods(state)[state.view.diff - 1];
  if (!reference || !method || reference.id === method.id) {
    return own.unit === "m"
      ? { mode: "depth", picture: own, scale: depthScale(state) }
      : { mode: "rgb", picture: own };
  }
  const other = lookUp(state, reference, peek);
  if ("mode" in other) return withoutReference(other, reference);
  return differenceOf(own, other, reference, state);
}

/** @param {Extract<Content, {message: string}>} content @param {Method} reference @returns {Content} */
function withoutReference(content, reference) {
  if (content.mode === "loading") return content;
  return { mode: "error", message: `No difference: ${reference.label} has no picture here.`, retry: false };
}

/**
 * @param {Picture} picture @param {Picture} reference @param {Method} method  of the reference @param {State} state
 * @returns {Content}
 */
function differenceOf(picture, reference, method, state) {
  const { width, height } = reference;
  if (picture.width !== width || picture.height !== height) {
    const sizes = `this picture is ${picture.width} × ${picture.height}, ${method.label} is ${width} × ${height}`;
    return { mode: "error", message: `No difference: ${sizes}.`, retry: false };
  }
  if (picture.unit === "m" && reference.unit === "m") {
    return { mode: "diff", picture, reference, signed: state.view.signed, scale: differenceScale(state) };
  }
  if (picture.unit === "rgb" && reference.unit === "rgb") return { mode: "rgb-diff", picture, reference };
  return {
    mode: "error",
    message: `No difference: only one of this and ${method.label} is in metres.`,
    retry: false,
  };
}

/** @param {State} state @returns {Scale} */
export function differenceScale(state) {
  const max = differenceMax(state);
  return state.view.signed
    ? { cmap: SIGNED_MAP, min: -max, max, log: false }
    : { cmap: ABSOLUTE_MAP, min: 0, max, log: false };
}

/**
 * @param {State} state @param {Method|null} method @param {(key: string) => Settled<Picture>|null} peek
 * @returns {Picture|Extract<Content, {message: string}>}
 */
function lookUp(state, method, peek) {
  const frame = currentFrame(state);
  if (!state.gallery || !frame) return { mode: "loading", message: "" };
  const gap = method ? knownGap(method, frame) : null;
  if (gap) return { mode: "error", message: gap, retry: false };
  const known = peek(pictureKey(state.gallery, method?.id ?? PHOTO, frame));
  if (known?.state === "done") return known.value;
  if (known && !isAbort(known.error)) return { mode: "error", message: messageOf(known.error), retry: true };
  return { mode: "loading", message: "" };
}

/** Bytes a picture keeps in memory. @param {Picture} picture */
export function sizeOf(picture) {
  return picture.width * picture.height * (picture.unit === "m" ? 2 : 4);
}
