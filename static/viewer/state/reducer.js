/**
 * What each action makes of a state. Pure.
 *
 * @import { Gallery, GalleryPage, Scan, State } from "./types.js"
 * @import { ScoresPart, ScoresQuery } from "./scores.js"
 * @import { View } from "./fields.js"
 */
import { agreeing } from "./comparison.js";
import { DEFAULT_VIEW, FIELDS, fitted, staying } from "./fields.js";
import { placeOf, withPage } from "./frames.js";
import { tinted } from "./labels.js";
import { withPart } from "./scores.js";
import { currentFrame, truthOf, visibleMethods, walkOf } from "./selectors.js";
import { clamp, resolveTargets, truthId, visibleIds } from "./targets.js";

/**
 * @typedef {{type: "view/restore", view: View}
 *   | {type: "view/set", change: Partial<View>}
 *   | {type: "view/next", field: "cmap"|"layout"|"theme"}
 *   | {type: "gallery/choose", id: string, index?: number}
 *   | {type: "gallery/opened", gallery: Gallery}
 *   | {type: "gallery/page", page: GalleryPage}
 *   | {type: "gallery/changed", gallery: Gallery}
 *   | {type: "gallery/scan", id: string, scan: Scan|undefined}
 *   | {type: "failed", message: string}
 *   | {type: "frame/go", index: number}
 *   | {type: "frame/step", by: number}
 *   | {type: "frame/end", last: boolean}
 *   | {type: "order/set", order: number[]|null}
 *   | {type: "scores/part", query: ScoresQuery, part: ScoresPart}
 *   | {type: "diff/toggle", target: number}
 *   | {type: "mode/toggle", mode: View["mode"]}
 *   | {type: "targets/set", targets: string[]}
 *   | {type: "indexes/set", indexes: number[]|null}
 *   | {type: "pixel/move", dx: number, dy: number}} Action
 */

/** @type {State} */
export const INITIAL_STATE = Object.freeze({
  view: DEFAULT_VIEW,
  gallery: null,
  failure: null,
  scores: null,
  order: null,
});

/**
 * @param {State} state @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "view/restore": {
      const same = action.view.gallery === state.view.gallery;
      const view = agreeing(DEFAULT_VIEW, action.view);
      return within({ ...(same ? state : INITIAL_STATE), view, failure: null });
    }
    case "gallery/choose": {
      const place = { gallery: action.id, index: action.index ?? 0 };
      return {
        ...INITIAL_STATE,
        view: { ...DEFAULT_VIEW, ...staying(state.view, "gallery"), ...place },
      };
    }
    case "gallery/opened": {
      const gallery = withTints(action.gallery);
      return within({ ...INITIAL_STATE, view: { ...state.view, gallery: gallery.id }, gallery });
    }
    case "gallery/page": {
      const { gallery } = state;
      const fits = gallery?.id === action.page.id && gallery.version === action.page.version;
      return fits ? within({ ...state, gallery: withPage(gallery, action.page) }) : state;
    }
    case "gallery/scan": {
      const { gallery } = state;
      return gallery?.id === action.id ? { ...state, gallery: { ...gallery, scan: action.scan } } : state;
    }
    case "gallery/changed":
      return state.gallery?.id === action.gallery.id ? changed(state, withTints(action.gallery)) : state;
    case "scores/part":
      return { ...state, scores: withPart(state.scores, action.query, action.part) };
    case "order/set":
      return { ...state, order: action.order, view: inOrder(state.view, action.order) };
    case "failed":
      return { ...state, gallery: null, failure: action.message };
    default: {
      const change = changeOf(state, action);
      return change ? within({ ...state, view: agreeing(state.view, change) }) : state;
    }
  }
}

/**
 * What an action changes of the view, for those that change nothing else; null when it changes nothing.
 * @param {State} state
 * @param {Exclude<Action, {type: "view/restore"|"failed"|"order/set"|"scores/part"|`gallery/${string}`}>} action
 * @returns {Partial<View>|null}
 */
function changeOf(state, action) {
  const { view } = state;
  switch (action.type) {
    case "view/set":
      return action.change;
    case "view/next": {
      const choices = FIELDS[action.field].choices ?? [];
      const at = choices.findIndex((value) => value === view[action.field]);
      return { [action.field]: choices[(at + 1) % choices.length] };
    }
    case "frame/go": // a frame beside the walk ends the walk
      return {
        index: action.index,
        indexes: view.indexes?.includes(action.index) ? view.indexes : null,
        filter: state.order?.includes(action.index) ? view.filter : "",
      };
    case "frame/step": {
      const walk = walkOf(state);
      return { index: walk[clamp(walk.indexOf(view.index) + action.by, walk.length - 1)] ?? view.index };
    }
    case "frame/end":
      return { index: walkOf(state).at(action.last ? -1 : 0) ?? view.index };
    case "diff/toggle":
      return { diff: view.diff === action.target ? 0 : action.target };
    case "mode/toggle":
      return { mode: view.mode === action.mode ? "depth" : action.mode };
    case "targets/set":
      return { targets: action.targets, ...sameNumbers(state, state.gallery, action.targets) };
    case "indexes/set":
      return {
        indexes: action.indexes,
        index: action.indexes?.includes(view.index) === false ? action.indexes[0] : view.index,
      };
    case "pixel/move":
      return view.pixel && { pixel: [view.pixel[0] + action.dx, view.pixel[1] + action.dy] };
  }
}

/** The view on a frame of an order, if it has any. @param {View} view @param {number[]|null} order @returns {View} */
const inOrder = (view, order) =>
  order?.length && !order.includes(view.index) ? { ...view, index: order[0] } : view;

/** @param {Gallery} gallery @returns {Gallery} */
const withTints = (gallery) => ({ ...gallery, methods: tinted(gallery.methods) });

/** @param {State} state @returns {State} */
const within = (state) => (state.gallery ? { ...state, view: fitted(state.view, state.gallery) } : state);

/**
 * Other files in the gallery: the frame on show stays, wherever it lies now, and the view compares with the same
 * methods as before. A chosen walk is numbers, and stays too.
 * @param {State} state @param {Gallery} gallery @returns {State}
 */
function changed(state, gallery) {
  const { view } = state;
  const frame = currentFrame(state);
  const place = frame && view.indexes === null ? placeOf(gallery, frame.id) : -1;
  const isSame = JSON.stringify(gallery.left_out) === JSON.stringify(state.gallery?.left_out);
  const now = isSame ? { ...gallery, left_out: state.gallery?.left_out } : gallery;
  const moved = place < 0 ? view : { ...view, index: place };
  const same = { ...sameNumbers(state, now, view.targets), truth: sameTruth(state, now) };
  return within({ ...state, view: agreeing(moved, same), gallery: now });
}

/**
 * Numbers of methods on show still mean the same methods when others come and go; a method that goes is no longer
 * compared with.
 * @param {State} state @param {Gallery|null} gallery  as it is from now on @param {string[]} targets
 * @returns {Partial<View>}
 */
function sameNumbers(state, gallery, targets) {
  const { view } = state;
  if (!gallery) return {};
  const [before, after] = [visibleMethods(state), visibleIds(gallery, resolveTargets(gallery, targets))];
  const numberNow = (/** @type {number} */ number) => after.indexOf(before[number - 1]?.id) + 1;
  return { diff: numberNow(view.diff), reference: numberNow(view.reference) };
}

/** What the view says of the truth, so that it stays the same method. @param {State} state @param {Gallery} gallery */
function sameTruth(state, gallery) {
  const before = truthOf(state)?.id;
  const isThere = gallery.methods.some(({ id }) => id === before);
  const { truth } = state.view;
  return before && isThere && truthId(gallery, truth) !== before ? before : truth;
}
