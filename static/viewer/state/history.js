/**
 * The address follows the state, and the Back button leads back through what was looked at.
 *
 * @import { View } from "./fields.js"
 * @import { Store } from "./store.js"
 */
import { isStep } from "./fields.js";
import { formatView, parseView } from "./url.js";

/** A held key or a moving slider writes the address once, when it rests: browsers limit how often it may change. */
const REST_MS = 200;

/** @param {Store} store */
export function syncHistory(store) {
  /** @type {View} the view that the address holds */
  let committed = parseView(location.search);
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

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
  }

  store.subscribe(({ view }, _before, how) => {
    if (how.type === "failed") return;
    if (how.fromHistory) {
      clearTimeout(timer);
      committed = view;
    } else if (how.repeat) {
      clearTimeout(timer);
      timer = setTimeout(() => commit(store.get().view, false), REST_MS);
    } else {
      commit(view, how.type !== "gallery/choose" && how.type.startsWith("gallery/")); // what the server tells is no step of the visitor
    }
  });
  window.addEventListener("popstate", () => {
    store.dispatch({ type: "view/restore", view: parseView(location.search) }, { fromHistory: true });
  });
}
