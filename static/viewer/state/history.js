/**
 * The address follows the state, and the Back button leads back through the places that were looked at.
 *
 * @import { View } from "./fields.js"
 * @import { Store } from "./store.js"
 */
import { isStep, returned } from "./fields.js";
import { formatView, parseView } from "./url.js";

/**
 * The address is written once the view rests, because a browser takes some milliseconds for it (it also asks for the
 * page's icon again), and limits how often it may change.
 */
const REST_MS = 200;

const TOLD = /^(gallery|scores|order)\//;

/** With these keys people leave the page, copy its address, or load it again. @param {Event} event */
const mayLeave = (event) =>
  event.type !== "keydown" || ["Alt", "Control", "Meta", "F5", "F6"].includes(/** @type {any} */ (event).key);

/** @typedef {{view: View, replace: boolean}} Pending */

/**
 * Returns what writes the address at once, for whoever reads it.
 * @param {Store} store
 */
export function syncHistory(store) {
  /** @type {View} the view that the address holds */
  let committed = parseView(location.search);
  /** @type {Pending|null} what the address is still to hold */
  let pending = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  /** The key or pointer that is down has made its step: all that follows until it is let go belongs to that step. */
  let stepped = false;

  function commit() {
    clearTimeout(timer);
    if (!pending) return;
    const { view, replace } = pending;
    pending = null;
    const query = formatView(view);
    const push = !replace && isStep(committed, view);
    committed = view;
    if (query === location.search) return;
    if (push) history.pushState(null, "", query);
    else history.replaceState(null, "", query);
  }

  store.subscribe(({ view }, _before, how) => {
    if (how.type === "failed") return;
    // What the server tells is no step of the visitor, nor is the frame that a filter comes to.
    const told = TOLD.test(how.type) && how.type !== "gallery/choose";
    const replace = how.fromHistory || told || (how.repeat && stepped);
    const step = !replace && isStep(pending?.view ?? committed, view);
    if (step) commit(); // the place before is one to come back to
    pending = { view, replace: pending ? pending.replace : replace };
    stepped ||= step;
    clearTimeout(timer);
    timer = setTimeout(commit, REST_MS);
  });
  for (const name of ["keyup", "pointerup", "pointercancel", "blur"])
    window.addEventListener(name, () => (stepped = false));
  for (const name of ["keydown", "pointerdown", "blur", "pagehide"])
    window.addEventListener(name, (event) => mayLeave(event) && commit());
  window.addEventListener("popstate", () => {
    clearTimeout(timer);
    pending = null;
    committed = parseView(location.search);
    const view = returned(store.get().view, committed);
    store.dispatch({ type: "view/restore", view }, { fromHistory: true });
  });
  return commit;
}
