/**
 * Going from frame to frame.
 *
 * @import { Command, Given, Page } from "./command.js"
 */
import { find } from "../../panels/dom.js";
import { notify } from "../../panels/notice.js";
import { nextOrder, orderWords } from "../../state/order.js";
import { FAVORITE } from "../../state/sorts.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function frameCommands({ store, sortAgain, toggleOverlay }) {
  const step =
    (/** @type {number} */ by) =>
    (/** @type {Given} */ { repeat }) =>
      store.dispatch({ type: "frame/step", by }, { repeat });
  return {
    next: step(1),
    previous: step(-1),
    first: () => store.dispatch({ type: "frame/end", last: false }),
    last: () => store.dispatch({ type: "frame/end", last: true }),
    "focus-index": () => find("[data-action=index]", HTMLInputElement).select(),
    "all-frames": () => store.dispatch({ type: "view/set", change: { indexes: null, filter: "" } }),
    "next-sort": () => {
      const state = store.get();
      const { sort, why } = nextOrder(state);
      if (why) notify(why);
      store.dispatch({ type: "view/set", change: { sort } });
      if (sort !== state.view.sort) notify(orderWords(store.get()));
    },
    "find-frame": () => toggleOverlay("find-frame"),
    "sort-again": () => sortAgain(),
    "toggle-strip": () => {
      const strip = store.get().view.strip === "on" ? "off" : "on";
      store.dispatch({ type: "view/set", change: { strip } });
    },
    "only-favorites": () => {
      const { filter } = store.get().view;
      const words = filter.split(/\s+/).filter(Boolean);
      const others = words.filter((word) => word !== FAVORITE);
      const change = { filter: (others.length < words.length ? others : [...words, FAVORITE]).join(" ") };
      store.dispatch({ type: "view/set", change });
    },
  };
}
