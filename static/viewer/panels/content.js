/**
 * What each pane shows for a state: a picture in a mode, or the reason why it can't. No DOM here.
 *
 * @import { DepthPicture, Method, Picture, State } from "../state/types.js"
 * @import { Given, Mode } from "../modes/mode.js"
 * @import { Settled } from "../sources/frame-cache.js"
 *
 * @typedef {{status: "loading"}} Loading
 * @typedef {{status: "error", message: string, retry: boolean}} Failed  `retry`: asking again may help.
 * @typedef {{status: "shown", mode: Mode<any, any>, given: Given<any, any>}} Shown
 * @typedef {Loading|Failed|Shown} Content
 */
import { modeFor } from "../modes/index.js";
import { isAbort, messageOf } from "../sources/http.js";
import { knownGap, PHOTO, pictureKey } from "../sources/wishes.js";
import { currentFrame } from "../state/selectors.js";

/** @typedef {(key: string) => Settled<Picture>|null} Peek */

/**
 * What the pane of a method (of the photo: null) shows.
 * @param {State} state @param {Method|null} method @param {Peek} peek
 * @returns {Content}
 */
export function contentFor(state, method, peek) {
  const mode = modeFor(state, method);
  const methods = mode.needs(state, method);
  const pictures = [];
  for (const needed of methods) {
    const found = lookUp(state, needed, peek);
    if ("status" in found) return needed === method ? found : withoutOther(found, mode, needed);
    pictures.push(found);
  }
  const given = { methods, pictures, look: mode.look(state) };
  const refusal = mode.refusal?.(given);
  return refusal ? refused(mode, refusal) : { status: "shown", mode, given };
}

/**
 * A pane whose own picture is there, but not another that its mode needs.
 * @param {Loading|Failed} found @param {Mode<any, any>} mode @param {Method|null} other
 * @returns {Content}
 */
function withoutOther(found, mode, other) {
  return found.status === "loading"
    ? found
    : refused(mode, `${other?.label ?? "the photo"} has no picture here`);
}

/** Trying again wouldn't help; where a picture is missing, its own pane offers that. @param {Mode<any, any>} mode @param {string} reason @returns {Failed} */
function refused(mode, reason) {
  return { status: "error", message: `${mode.without ?? "Not shown"}: ${reason}.`, retry: false };
}

/** The depth of a method, whatever its pane shows; null when there is none, or not yet. @param {State} state @param {Method} method @param {Peek} peek @returns {DepthPicture|null} */
export function depthOf(state, method, peek) {
  const found = lookUp(state, method, peek);
  return "unit" in found && found.unit === "m" ? found : null;
}

/** Whether the picture of a method is still to come. @param {State} state @param {Method} method @param {Peek} peek */
export function isLoading(state, method, peek) {
  const found = lookUp(state, method, peek);
  return "status" in found && found.status === "loading";
}

/**
 * @param {State} state @param {Method|null} method @param {Peek} peek
 * @returns {Picture|Loading|Failed}
 */
function lookUp(state, method, peek) {
  const frame = currentFrame(state);
  if (!state.gallery || !frame) return { status: "loading" };
  const gap = knownGap(method, frame);
  if (gap) return { status: "error", message: gap, retry: false };
  const known = peek(pictureKey(state.gallery, method?.id ?? PHOTO, frame));
  if (known?.state === "done") return known.value;
  if (known && !isAbort(known.error))
    return { status: "error", message: messageOf(known.error), retry: true };
  return { status: "loading" };
}
