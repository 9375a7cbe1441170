/**
 * One of the visitor's photos while models run on it.
 *
 * @import { DepthPicture, Model } from "../state/types.js"
 * @import { OwnPhoto } from "./own-gallery.js"
 *
 * @typedef {object} Asked  A depth that is under way.
 * @property {Promise<DepthPicture>} depth
 * @property {(depth: DepthPicture) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {string} progress
 *
 * @typedef {object} Work
 * @property {Blob} blob  what the server gets
 * @property {Set<string>} done  models whose depth is kept
 * @property {Map<string, Asked>} asked  by model
 * @property {AbortController} asking
 * @property {(accepted: boolean) => void} judged  called when the photo is a frame, or is refused
 *
 * @typedef {OwnPhoto & Work} Upload  Its id is empty until it is a frame.
 */
import { takesFocal } from "./own-gallery.js";

/** @param {Upload} photo */
export const isFrame = ({ id }) => id !== "";

/** Models that can use a stated focal length, and apart from them those that can't. @param {Model[]} models @param {number|null} fx */
export function byFocal(models, fx) {
  const uses = (/** @type {Model} */ model) => fx !== null && takesFocal(model);
  const groups = [true, false].map((stated) => ({
    models: models.filter((model) => uses(model) === stated).map(({ name }) => name),
    fx: stated ? fx : null,
  }));
  return groups.filter((group) => group.models.length);
}

/** @param {Blob} blob @param {Set<string>} done @param {(accepted: boolean) => void} [judged] @returns {Work} */
export const work = (blob, done, judged = () => {}) => ({
  blob,
  done,
  asked: new Map(),
  asking: new AbortController(),
  judged,
});

/** @param {File} file @param {Model[]} models @param {(accepted: boolean) => void} judged @returns {Upload} */
export const uploadOf = (file, models, judged) => ({
  id: "",
  name: file.name || "photo",
  width: 0,
  height: 0,
  fx: null,
  models,
  ...work(file, new Set(), judged),
});

/** What is stored of a photo. @param {Upload} photo */
export const keptOf = ({ name, width, height, fx, models, blob }) => ({
  name,
  width,
  height,
  fx,
  models,
  blob,
});

/** @returns {Asked} */
export function ask() {
  const asked = /** @type {Asked} */ ({ progress: "Waiting for its turn …" });
  asked.depth = new Promise((resolve, reject) => Object.assign(asked, { resolve, reject }));
  asked.depth.catch(() => {}); // the pane that shows it says what went wrong
  return asked;
}

/** Hand a depth or an error to whoever waits for it. @param {Upload} photo @param {string} model @param {{picture: DepthPicture}|{error: unknown}} answer */
export function settle(photo, model, answer) {
  const asked = photo.asked.get(model);
  photo.asked.delete(model);
  if ("picture" in answer) asked?.resolve(answer.picture);
  else asked?.reject(answer.error);
}

/** End what is under way for a photo. @param {Upload} photo */
export function stop(photo) {
  photo.asking.abort();
  photo.asking = new AbortController();
  const error = new DOMException("This photo was removed, or its depth is asked for again.", "AbortError");
  for (const model of [...photo.asked.keys()]) settle(photo, model, { error });
}

/** A promise of a verdict, and what gives it. */
export function verdict() {
  /** @type {(accepted: boolean) => void} */
  let judged = () => {};
  /** @type {Promise<boolean>} */
  const promise = new Promise((resolve) => (judged = resolve));
  return { promise, judged };
}
