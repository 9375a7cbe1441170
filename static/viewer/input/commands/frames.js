/**
 * Going from frame to frame.
 *
 * @import { Command, Given, Page } from "./command.js"
 */
import { find } from "../../panels/dom.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function frameCommands({ store }) {
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
    "all-frames": () => store.dispatch({ type: "indexes/set", indexes: null }),
  };
}
