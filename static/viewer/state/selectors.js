/**
 * What follows from a state. Pure.
 *
 * @import { Method, Scale, State } from "./types.js"
 */
import { defaultDifferenceMax } from "../paint/scale.js";
import { countOf, frameAt } from "./frames.js";
import { visibleIds } from "./targets.js";

/** The methods on show, in order. @param {State} state @returns {Method[]} */
export function visibleMethods({ gallery, view }) {
  if (!gallery) return [];
  return visibleIds(gallery, view.targets).flatMap((id) => gallery.methods.find((m) => m.id === id) ?? []);
}

/** The method that the others are compared with; null while differences are off. @param {State} state */
export const referenceOf = (state) => visibleMethods(state)[state.view.diff - 1] ?? null;

/** Numbers of the frames that the arrows walk. @param {State} state */
export function walkOf({ gallery, view }) {
  return view.indexes ?? Array.from({ length: countOf(gallery) }, (_, i) => i);
}

/** The frame on show; null while it is not known. @param {State} state */
export function currentFrame({ gallery, view }) {
  return frameAt(gallery, view.index);
}

/**
 * Colour scale of depths. Unless chosen otherwise it is logarithmic, because what matters on a street is near.
 * A gallery that was decoded from coloured pictures, which cut depth off, keeps the linear colours it came with.
 * @param {State} state @returns {Scale}
 */
export function depthScale({ gallery, view }) {
  const [least, max] = view.range ?? [gallery?.depth_range.min_m ?? 0.001, gallery?.depth_range.max_m ?? 80];
  const decoded = gallery?.methods.some((method) => method.saturated_m !== null) ?? false;
  const spread = view.spread === "auto" ? (decoded ? "linear" : "log") : view.spread;
  // Such a scale from 1 mm on would spend half of its colours, or nearly all, on the first metre.
  const min = spread !== "linear" && least < max / 1000 ? max / 40 : least;
  return { cmap: view.cmap, min, max, spread };
}

/** End of the difference colours in metres. @param {State} state */
export function differenceMax({ gallery, view }) {
  return view.diffMax ?? defaultDifferenceMax(gallery?.depth_range.max_m ?? 80);
}

/** Whether any picture of the gallery holds metres; as long as none is open, that is to be expected. @param {State} state */
export const showsMetres = ({ gallery }) => gallery?.methods.some((method) => method.unit === "m") ?? true;
