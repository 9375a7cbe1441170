/**
 * One state, one pure reducer, one place that tells others about changes.
 *
 * @import { Gallery, Method, Scale, State, View } from "./types.js"
 */
import { DEPTH_MAPS } from "./colormaps.js";
import { defaultDifferenceMax } from "./depth.js";
import { DEFAULT_VIEW } from "./url-state.js";

/**
 * @typedef {{type: "view/restore", view: View}
 *   | {type: "gallery/choose", id: string, index?: number}
 *   | {type: "gallery/opened", gallery: Gallery}
 *   | {type: "failed", message: string}
 *   | {type: "frame/go", index: number}
 *   | {type: "frame/step", by: number}
 *   | {type: "frame/end", last: boolean}
 *   | {type: "diff/toggle", target: number}
 *   | {type: "diff/off"}
 *   | {type: "targets/set", targets: string[]}
 *   | {type: "indexes/set", indexes: number[]|null}
 *   | {type: "view/set", change: Partial<Pick<View, "signed"|"cmap"|"spread"|"range"|"diffMax"|"columns"|"theme"|"pixel"|"axis">>}
 *   | {type: "cmap/next"}
 *   | {type: "theme/next"}
 *   | {type: "pixel/move", dx: number, dy: number}} Action
 */

/** @type {State} */
export const INITIAL_STATE = Object.freeze({ view: DEFAULT_VIEW, gallery: null, failure: null });

const THEMES = /** @type {const} */ (["auto", "dark", "light"]);

/**
 * @param {State} state @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  const view = (/** @type {Partial<View>} */ change) => fit({ ...state, view: { ...state.view, ...change } });
  const now = state.view;
  switch (action.type) {
    case "view/restore": {
      const same = action.view.gallery === now.gallery;
      return fit({ view: action.view, gallery: same ? state.gallery : null, failure: null });
    }
    case "gallery/choose": {
      const { cmap, spread, columns, theme, axis, signed } = now;
      const fresh = {
        ...DEFAULT_VIEW,
        cmap,
        spread,
        columns,
        theme,
        axis,
        signed,
        gallery: action.id,
        index: action.index ?? 0,
      };
      return { view: fresh, gallery: null, failure: null };
    }
    case "gallery/opened":
      return fit({ view: { ...now, gallery: action.gallery.id }, gallery: action.gallery, failure: null });
    case "failed":
      return { ...state, gallery: null, failure: action.message };
    case "frame/go":
      return view({ index: action.index, indexes: now.indexes?.includes(action.index) ? now.indexes : null });
    case "frame/step":
      return view({ index: stepped(state, action.by) });
    case "frame/end": {
      const walk = walkOf(state);
      return view({ index: walk.at(action.last ? -1 : 0) ?? 0 });
    }
    case "diff/toggle":
      return view({ diff: now.diff === action.target ? 0 : action.target });
    case "diff/off":
      return view({ diff: 0 });
    case "targets/set":
      return view({ targets: action.targets, diff: sameReference(state, action.targets) });
    case "indexes/set":
      return view({
        indexes: action.indexes,
        index: action.indexes?.includes(now.index) === false ? action.indexes[0] : now.index,
      });
    case "view/set":
      return view(action.change);
    case "cmap/next": {
      const at = DEPTH_MAPS.findIndex((map) => map.name === now.cmap);
      return view({ cmap: DEPTH_MAPS[(at + 1) % DEPTH_MAPS.length].name });
    }
    case "theme/next":
      return view({ theme: THEMES[(THEMES.indexOf(now.theme) + 1) % THEMES.length] });
    case "pixel/move":
      return now.pixel ? view({ pixel: [now.pixel[0] + action.dx, now.pixel[1] + action.dy] }) : state;
  }
}

/**
 * Bring a view within its gallery: frames that exist, methods that exist, a pixel inside the picture.
 * @param {State} state
 * @returns {State}
 */
function fit(state) {
  const { gallery } = state;
  if (!gallery) return state;
  const count = gallery.frames.length;
  const indexes = state.view.indexes?.filter((i) => i < count) ?? null;
  const walk = indexes?.length ? indexes : null;
  let index = Math.max(0, Math.min(state.view.index, count - 1));
  if (walk && !walk.includes(index)) index = walk[0];
  const targets = resolveTargets(gallery, state.view.targets);
  const shown = targets.length || gallery.methods.length;
  const diff = state.view.diff <= shown ? state.view.diff : 0;
  const frame = gallery.frames[index];
  /** @type {[number, number]|null} */
  let pixel = state.view.pixel;
  if (pixel && frame?.width) {
    pixel = [clamp(pixel[0], frame.width - 1), clamp(pixel[1], frame.height - 1)];
  }
  return { ...state, view: { ...state.view, index, indexes: walk, targets, diff, pixel } };
}

/** @param {number} value @param {number} max */
const clamp = (value, max) => Math.max(0, Math.min(value, max));

/**
 * Ids of the methods that names in a link stand for: an id, a zoo row, or several ids glued by an escaped
 * separator. Empty when that is all methods in their own order.
 * @param {Gallery} gallery @param {string[]} names
 */
function resolveTargets(gallery, names) {
  const find = (/** @type {string} */ name) =>
    gallery.methods.find((m) => m.id === name || m.model === name)?.id;
  const ids = names.flatMap((name) => find(name) ?? name.split(/[*,]/).map(find));
  const unique = [...new Set(ids)].filter((id) => id !== undefined);
  const all = gallery.methods.map((m) => m.id);
  return unique.length === all.length && unique.every((id, i) => id === all[i]) ? [] : unique;
}

/** @param {State} state @param {number} by */
function stepped(state, by) {
  const walk = walkOf(state);
  const at = walk.indexOf(state.view.index);
  return walk[clamp(at + by, walk.length - 1)] ?? 0;
}

/** The reference keeps its difference when methods around it come and go. @param {State} state @param {string[]} targets */
function sameReference(state, targets) {
  const reference = visibleMethods(state)[state.view.diff - 1];
  return reference && state.gallery ? visibleIds(state.gallery, targets).indexOf(reference.id) + 1 : 0;
}

/** @param {Gallery} gallery @param {string[]} targets */
const visibleIds = (gallery, targets) => (targets.length ? targets : gallery.methods.map((m) => m.id));

/** The methods on show, in order. @param {State} state @returns {Method[]} */
export function visibleMethods({ gallery, view }) {
  if (!gallery) return [];
  return visibleIds(gallery, view.targets).flatMap((id) => gallery.methods.find((m) => m.id === id) ?? []);
}

/** Numbers of the frames that the arrows walk. @param {State} state */
export function walkOf({ gallery, view }) {
  return view.indexes ?? Array.from({ length: gallery?.frames.length ?? 0 }, (_, i) => i);
}

/** The frame on show. @param {State} state */
export function currentFrame({ gallery, view }) {
  return gallery?.frames[view.index] ?? null;
}

/**
 * Colour scale of depths. Unless chosen otherwise it is logarithmic, because what matters on a street is near;
 * a gallery that was decoded from coloured pictures, which cut depth off, keeps the linear colours it came with.
 * @param {State} state @returns {Scale}
 */
export function depthScale({ gallery, view }) {
  const [least, max] = view.range ?? [gallery?.depth_range.min_m ?? 0.001, gallery?.depth_range.max_m ?? 80];
  const decoded = gallery?.methods.some((method) => method.saturated_m !== null) ?? false;
  const log = view.spread === "log" || (view.spread === "auto" && !decoded);
  const min = log && least < max / 1000 ? max / 40 : least; // from 1 mm on, half of the colours would go to the first metre
  return { cmap: view.cmap, min, max, log };
}

/** End of the difference colours in metres. @param {State} state */
export function differenceMax({ gallery, view }) {
  return view.diffMax ?? defaultDifferenceMax(gallery?.depth_range.max_m ?? 80);
}

/**
 * @typedef {object} How  What else is known about a dispatch.
 * @property {boolean} repeat  one of many in a row (held key, moving slider)
 * @property {boolean} fromHistory  the address already says so
 * @property {Action["type"]} type
 *
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(action: Action, how?: {repeat?: boolean, fromHistory?: boolean}) => void} dispatch
 * @property {(listener: (now: State, before: State, how: How) => void) => void} subscribe
 */

/** @returns {Store} */
export function createStore() {
  let state = INITIAL_STATE;
  /** @type {Parameters<Store["subscribe"]>[0][]} */
  const listeners = [];
  return {
    get: () => state,
    dispatch(action, { repeat = false, fromHistory = false } = {}) {
      const before = state;
      state = reduce(state, action);
      if (state === before) return;
      for (const listener of listeners) listener(state, before, { repeat, fromHistory, type: action.type });
    },
    subscribe(listener) {
      listeners.push(listener);
    },
  };
}
