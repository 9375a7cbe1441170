/**
 * What follows from a state. Pure.
 *
 * @import { Method, Scale, State } from "./types.js"
 * @import { Box, BoxChoice, Size } from "../paint/boxes.js"
 */
import { boxOf } from "../paint/boxes.js";
import { defaultDifferenceMax } from "../paint/scale.js";
import { needsTruth } from "./comparison.js";
import { countOf, frameAt } from "./frames.js";
import { baselineId, measuredId, truthId, visibleIds } from "./targets.js";
import { beginOf } from "./ranges.js";

/** Whether both are the same method: each refresh of a gallery makes new objects. @param {Method|null|undefined} a @param {Method|null|undefined} b */
export const isSameMethod = (a, b) => a?.id === b?.id;

const NO_TRUTH = "This gallery has no ground truth in metres. Press a number to compare with a method.";

/** What to do where a baseline is missing. */
export const KEEP_ONE = "Keep a method as one with Shift and its number.";

/** The methods on show, in order. @param {State} state @returns {Method[]} */
export function visibleMethods({ gallery, view }) {
  if (!gallery) return [];
  return visibleIds(gallery, view.targets).flatMap((id) => gallery.methods.find((m) => m.id === id) ?? []);
}

/** The method that holds the truth; null where there is none. @param {State} state @returns {Method|null} */
export function truthOf({ gallery, view }) {
  const id = gallery && truthId(gallery, view.truth);
  return gallery?.methods.find((method) => method.id === id) ?? null;
}

/** The method that a comparing mode compares the others with; null in other modes. @param {State} state */
export const comparedOf = (state) => visibleMethods(state)[state.view.diff - 1] ?? null;

/** The baseline of the gain; null where there is none. @param {State} state @returns {Method|null} */
export function baselineOf({ gallery, view }) {
  const id = gallery && baselineId({ ...view, gallery });
  return gallery?.methods.find((method) => method.id === id) ?? null;
}

/** What a mode needs and this gallery has not, in words; null: nothing. @param {State} state @param {State["view"]["mode"]} mode */
export function missingFor(state, mode) {
  if (!state.gallery || !needsTruth(mode)) return null;
  if (!truthOf(state)) return NO_TRUTH;
  return mode === "gain" && !baselineOf(state) ? `Gain needs a baseline. ${KEEP_ONE}` : null;
}

/**
 * What the view compares the other panes with: a method, the truth or the baseline; null while it compares nothing.
 * @param {State} state @returns {Method|null}
 */
export function referenceOf(state) {
  if (state.view.mode === "error") return truthOf(state);
  return state.view.mode === "gain" ? baselineOf(state) : comparedOf(state);
}

/** The method that is kept as the reference. @param {State} state @returns {Method|null} */
export const keptOf = (state) => visibleMethods(state)[state.view.reference - 1] ?? null;

/** What a method is to the panes around it, in a word; empty for most. @param {State} state @param {Method|null} method */
export function roleOf(state, method) {
  const is = (/** @type {Method|null} */ other) => method !== null && isSameMethod(method, other);
  if (is(comparedOf(state))) return "reference a";
  if (needsTruth(state.view.mode) && is(truthOf(state)))
    return method?.family === "ground_truth" ? "t" : "ground truth t"; // its label says what it is
  if (state.view.mode === "gain" && is(baselineOf(state))) return "baseline a";
  return is(keptOf(state)) ? "kept reference" : "";
}

/** What the numbers of the panes measure against: the truth, else the chosen reference. @param {State} state @returns {Method|null} */
export function measuredAgainst({ gallery, view }) {
  const id = gallery && measuredId({ ...view, gallery });
  return gallery?.methods.find((method) => method.id === id) ?? null;
}

/** In a short form and in a long one. @param {BoxChoice} box */
function boxWords(box) {
  if (box === "none") return ["", "no crop"];
  if (box === "garg") return ["Garg", "Garg's crop"];
  if (box === "eigen") return ["Eigen", "Eigen's crop"];
  return ["box", `box ${box[2]} × ${box[3]} at ${box[0]}, ${box[1]}`];
}

/** A hole counts as the nearest depth of the cap, so that is above 0 m; a stored depth is at least 1/256 m. */
const LEAST_M = 1e-6;

/**
 * Which pixels count in the numbers of the panes: those of a box where the truth lies strictly between the ends of
 * the cap, in metres.
 * @typedef {{choice: BoxChoice, cap: readonly [number, number], words: string, long: string, crop: string, depths: string}} StatRule
 *   `words` fit into the label of a pane, `long` is for its tooltip; `crop` and `depths` are its parts
 * @param {State} state @returns {StatRule}
 */
export function statRuleOf({ gallery, view }) {
  const range = gallery?.depth_range ?? { min_m: 0.001, max_m: 80 };
  const [min, max] = view.cap ?? [range.min_m, range.max_m];
  const cap = /** @type {const} */ ([Math.max(min, LEAST_M), max]);
  const [words, crop] = boxWords(view.box);
  const whole = cap[0] <= 0.01;
  const depths = `${whole ? "up" : cap[0]} to ${cap[1]} m`;
  return {
    choice: view.box,
    cap,
    words: `${words} ${whole ? `≤ ${cap[1]}` : `${cap[0]}–${cap[1]}`} m`.trim(),
    long: `${crop}, ${depths}`,
    crop,
    depths,
  };
}

/**
 * The box of these pixels in a picture.
 * @param {State} state @param {Size} size of the picture
 * @returns {{box: Box, cap: readonly [number, number], words: string, long: string}}
 */
export function statBoxOf(state, size) {
  const { choice, ...rule } = statRuleOf(state);
  return { box: boxOf(choice, size), ...rule };
}

/** @type {number[]} */
let asTheyAre = [];

/** Numbers of the frames that the arrows walk, in their order. The same array while nothing changes. @param {State} state */
export function walkOf({ gallery, view, order }) {
  const count = countOf(gallery);
  if (asTheyAre.length !== count) asTheyAre = Array.from({ length: count }, (_, i) => i);
  return order ?? view.indexes ?? asTheyAre;
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
  return { cmap: view.cmap, min: beginOf(least, max, spread), max, spread };
}

/** End of the difference colours in metres. @param {State} state */
export function differenceMax({ gallery, view }) {
  return view.diffMax ?? defaultDifferenceMax(gallery?.depth_range.max_m ?? 80);
}

/** Whether any picture of the gallery holds metres; as long as none is open, that is to be expected. @param {State} state */
export const showsMetres = ({ gallery }) => gallery?.methods.some((method) => method.unit === "m") ?? true;
