/**
 * The frames of a gallery, which may arrive in pages: places that the server has not told of yet are null.
 * Everything that looks at frames goes through here. Pure.
 *
 * @import { Frame, Gallery, GalleryPage } from "./types.js"
 */

/** How many frames there are, known or not. @param {Gallery|null} gallery */
export const countOf = (gallery) => gallery?.frames.length ?? 0;

/** The frame at a place; null beyond the ends, and while it is not known. @param {Gallery|null} gallery @param {number} index */
export const frameAt = (gallery, index) => gallery?.frames[index] ?? null;

/** The frames that are known, each with its place. @param {Gallery|null} gallery @returns {[number, Frame][]} */
export const knownFrames = (gallery) =>
  gallery?.frames.flatMap((frame, index) =>
    frame ? [/** @type {[number, Frame]} */ ([index, frame])] : [],
  ) ?? [];

/** The place of the frame with this id; -1 if it is not known. @param {Gallery|null} gallery @param {string} id */
export const placeOf = (gallery, id) => gallery?.frames.findIndex((frame) => frame?.id === id) ?? -1;

/** Whether every frame is known. @param {Gallery} gallery */
export const isWhole = (gallery) => !gallery.frames.includes(null);

/** Whether any frame has a photo. @param {Gallery|null} gallery */
export const hasPhotos = (gallery) =>
  gallery?.has_images ?? gallery?.frames.some((frame) => frame?.has_image) ?? false;

/** The gallery of which a page is the first that is known. @param {GalleryPage} page @returns {Gallery} */
export function galleryOf({ offset, n_frames, frames, ...rest }) {
  /** @type {(Frame|null)[]} */
  const places = Array(n_frames).fill(null);
  places.splice(offset, frames.length, ...frames);
  return { ...rest, frames: places };
}

/** The gallery with one more page. @param {Gallery} gallery @param {GalleryPage} page @returns {Gallery} */
export function withPage(gallery, { offset, frames, scan }) {
  return { ...gallery, scan, frames: gallery.frames.toSpliced(offset, frames.length, ...frames) };
}

/**
 * The nearest place that is not known, looked for from `index` to the end and then from the start; -1 if all are.
 * @param {Gallery} gallery @param {number} index
 */
export function nextUnknown(gallery, index) {
  const after = gallery.frames.indexOf(null, index);
  return after < 0 ? gallery.frames.indexOf(null) : after;
}
