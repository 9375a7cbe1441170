/**
 * Which methods and frames a view stands for in its gallery. Pure.
 *
 * @import { Gallery } from "./types.js"
 * @import { Place } from "./field.js"
 */
import { frameAt } from "./frames.js";

/**
 * Ids of the methods that names in a link stand for. A name is an id, a zoo row, or several ids: some
 * programs escape the separator too. Empty when the result is all methods in the gallery's order.
 * @param {Gallery} gallery @param {string[]} names
 */
export function resolveTargets(gallery, names) {
  const find = (/** @type {string} */ name) =>
    gallery.methods.find((method) => method.id === name || method.model === name)?.id;
  const ids = names.flatMap((name) => find(name) ?? name.split(/[*,]/).map(find));
  const unique = [...new Set(ids)].filter((id) => id !== undefined);
  const all = gallery.methods.map((method) => method.id);
  return unique.length === all.length && unique.every((id, i) => id === all[i]) ? [] : unique;
}

/** Ids of the methods on show; `targets` is empty for all. @param {Gallery} gallery @param {string[]} targets */
export const visibleIds = (gallery, targets) =>
  targets.length ? targets : gallery.methods.map((method) => method.id);

/** The frames of a walk that exist; null when none is left. @param {number[]|null} indexes @param {number} count */
export function walkWithin(indexes, count) {
  const left = indexes?.filter((index) => index < count);
  return left?.length ? left : null;
}

/** @param {number} value @param {number} max */
export const clamp = (value, max) => Math.max(0, Math.min(value, max));

/**
 * Id of the method that holds the truth: the chosen one, else the gallery's first of that family.
 * @param {Gallery} gallery @param {string|null} chosen
 */
export function truthId({ methods }, chosen) {
  const usual = methods.find(({ family, unit }) => family === "ground_truth" && unit === "m");
  return methods.find(({ id, unit }) => id === chosen && unit === "m")?.id ?? usual?.id ?? null;
}

/**
 * Id of the baseline of the gain: the kept reference, else the first method of that family. No other method is taken
 * for one.
 * @param {Pick<Place, "gallery"|"targets"|"truth"|"reference">} place
 */
export function baselineId({ gallery, targets, truth, reference }) {
  const shown = visibleIds(gallery, targets);
  const others = gallery.methods.filter(({ id, unit }) => unit === "m" && id !== truthId(gallery, truth));
  const baselines = others.filter(({ family }) => family === "baseline").map(({ id }) => id);
  const kept = others.find(({ id }) => id === shown[reference - 1]);
  return kept?.id ?? shown.find((id) => baselines.includes(id)) ?? baselines[0] ?? null;
}

/**
 * Id of the method that numbers are measured against: the truth, else the chosen reference.
 * @param {Pick<Place, "gallery"|"targets"|"truth"|"diff"|"reference">} place
 */
export function measuredId({ gallery, targets, truth, diff, reference }) {
  const chosen = visibleIds(gallery, targets)[(diff || reference) - 1];
  const isMetric = gallery.methods.some(({ id, unit }) => id === chosen && unit === "m");
  return truthId(gallery, truth) ?? (isMetric ? chosen : null);
}

/**
 * Size of the depth that is measured against, in the frame at the place; null while it is not known.
 * @param {Parameters<typeof measuredId>[0] & {index: number}} place
 */
export function measuredSize(place) {
  const frame = frameAt(place.gallery, place.index);
  const [width, height] = frame?.sizes?.[measuredId(place) ?? ""] ?? [frame?.width ?? 0, frame?.height ?? 0];
  return width && height ? { width, height } : null;
}

/** Whether a number is that of a method on show. @param {number} number @param {Place} place */
export const isOnShow = (number, { gallery, targets }) =>
  number > 0 && number <= visibleIds(gallery, targets).length;

/** Number of the method to compare with when none was chosen: the kept one, else the truth, else the first. @param {Place} place */
export function usualReference({ gallery, targets, reference, truth }) {
  const at = visibleIds(gallery, targets).indexOf(truthId(gallery, truth) ?? "");
  return reference || Math.max(at, 0) + 1;
}
