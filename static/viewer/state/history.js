/**
 * The address follows the state, and the Back button leads back through the places that were looked at.
 *
 * @import { View } from "./fields.js"
 * @import { Store } from "./store.js"
 */
import { isStep, returned } from "./fields.js";
import { formatView, parseView } from "./url.js";

/** A held key or a moving slider writes the address once, when it rests: browsers limit how often it may change. */
const REST_MS = 200;

const TOLD = /^(gallery|scores|order)\//;

/** @param {Store} store */
export function syncHistory(store) {
  /** @type {View} the view that the address holds */
  let committed = parseView(location.search);
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  /** The key or pointer that is down has made its step: all that follows until it is let go belongs to that step. */
  let stepped = false;

  /** @param {View} view @param {boolean} replace */
  function commit(view, replace) {
    clearTimeout(timer);
    timer = undefined;
    const query = formatView(view);
    const push = !replace && isStep(committed, view);
    committed = view;
    if (query === location.search) return;
    if (push) history.pushState(null, "", query);
    else history.replaceState(null, "", query);
    stepped ||= push;
  }

  store.subscribe(({ view }, _before, how) => {
    if (how.type === "failed") return;
    if (how.repeat) {
      clearTimeout(timer);
      timer = setTimeout(() => commit(store.get().view, stepped), REST_MS);
    } else {
      // What the server tells is no step of the visitor, nor is the frame that a filter comes to.
      const told = TOLD.test(how.type) && how.type !== "gallery/choose";
      commit(view, how.fromHistory || told);
    }
  });
  const letGo = () => {
    if (timer) commit(store.get().view, stepped);
    stepped = false;
  };
  for (const name of ["keyup", "pointerup", "pointercancel", "blur"]) window.addEventListener(name, letGo);
  window.addEventListener("popstate", () => {
    clearTimeout(timer);
    timer = undefined;
    committed = parseView(location.search);
    const view = returned(store.get().view, committed);
    store.dispatch({ type: "view/restore", view }, { fromHistory: true });
  });
}
