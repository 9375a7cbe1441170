/**
 * What the comparing modes share: who is compared with whom, and whether their pictures can be.
 *
 * @import { DepthPicture, Method, Picture, State } from "../state/types.js"
 * @import { Open } from "../paint/bounds.js"
 * @import { Statistics } from "../paint/depth.js"
 * @import { Counting } from "../paint/errors.js"
 * @import { StatRule } from "../state/selectors.js"
 */
import { boxOf } from "../paint/boxes.js";
import { derived } from "../paint/derived.js";
import { comparedOf } from "../state/selectors.js";
import { isCutOff, storedEnd } from "./words.js";

/**
 * The method that a pane is compared with; null for the photo, for the reference itself and while nothing is compared.
 * @param {State} state @param {Method|null} method @returns {Method|null}
 */
export function counterpart(state, method) {
  const reference = comparedOf(state);
  return method && reference && reference.id !== method.id ? reference : null;
}

/**
 * Why two pictures can't be compared pixel by pixel; null when they can.
 * @param {Picture[]} pictures @param {(Method|null)[]} methods
 */
export function mismatch([own, reference], [, method]) {
  const { width, height } = reference;
  if (own.width === width && own.height === height) return null;
  return `this picture is ${own.width} × ${own.height}, ${method?.label} is ${width} × ${height}`;
}

/** The same, for modes that need metres on both sides. @param {Picture[]} pictures @param {(Method|null)[]} methods */
export function mismatchInMetres(pictures, methods) {
  const inMetres = pictures.every((picture) => picture.unit === "m");
  const mixed = inMetres ? null : `this picture and ${methods[1]?.label} are not both in metres`;
  return mismatch(pictures, methods) ?? mixed;
}

/** @param {string[]} ids */
export const comparedTitle = ([own, reference]) => `${own} minus ${reference}`;

/** The pixels of a comparison that count. @param {StatRule} rule @param {DepthPicture} reference */
export const countingOf = ({ choice, cap }, reference) => ({ reference, box: boxOf(choice, reference), cap });

/**
 * Which pixels a comparison counts, in words: its depths are not clamped, so the cap is only that of the method.
 * @param {StatRule} rule @param {Method|null} method  what is compared with @param {number} count
 */
export const pixelWords = ({ crop, depths }, method, count) =>
  `to ${method?.label} where it is ${depths}, ${crop}: ${count} pixels`;

/** Whether a source cut depth of this picture off. @param {DepthPicture} picture @param {Method|null} method */
const cutOff = (picture, method) => derived("cut off", [picture], () => isCutOff(picture, method), 0);

/**
 * The two notes of a comparison: its mean; its ends, with the pixels that both count.
 * @param {object} given
 * @param {string} given.kind  of the derived values
 * @param {(counting: Counting) => Statistics|null} given.count
 * @param {DepthPicture[]} given.pictures  what is counted; the last decides which pixels count
 * @param {(Method|null)[]} given.methods  theirs
 * @param {StatRule} given.rule
 * @param {(value: number) => string} given.words
 * @returns {[string, string]}
 */
export function statisticNotes({ kind, count, pictures, methods, rule, words }) {
  const reference = pictures[pictures.length - 1];
  const counting = countingOf(rule, reference);
  const statistics = derived(
    `statistics of ${kind} ${JSON.stringify([rule.choice, rule.cap])}`,
    pictures,
    () => count(counting),
    0,
  );
  const counted = pixelWords(rule, methods[methods.length - 1], statistics?.count ?? 0);
  if (!statistics) return ["no pixel in common", counted];
  const { min, mean, max } = statistics;
  return [`mean ${words(mean)}`, `min ${words(min)}, max ${words(max)}; ${counted}`];
}

/**
 * Which way the statistics of a comparison may be off, because sources cut depth off.
 * @param {string} kind @param {DepthPicture[]} pictures @param {(Method|null)[]} methods @param {StatRule} rule
 * @param {(pictures: DepthPicture[], ends: number[], counting: Counting) => Open} find @returns {Open}
 */
export function openOf(kind, pictures, methods, rule, find) {
  if (!pictures.some((picture, i) => cutOff(picture, methods[i]))) return { above: false, below: false };
  const counting = countingOf(rule, pictures[pictures.length - 1]);
  const compute = () => find(pictures, methods.map(storedEnd), counting);
  return derived(`open ${kind} ${JSON.stringify([rule.choice, rule.cap])}`, pictures, compute, 0);
}
