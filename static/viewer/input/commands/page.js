/**
 * Scrolling, sheets, files and trying again.
 *
 * @import { Command, Page } from "./command.js"
 */
import { find } from "../../panels/dom.js";

/** Scroll the pictures. @param {number} share  of the height on show */
function scroll(share) {
  const grid = find(".grid", HTMLElement);
  grid.scrollBy({ top: share * grid.clientHeight });
}

/** @param {Page} page @returns {Record<string, Command>} */
export function pageCommands({ toggleOverlay, download, retry, retryAll }) {
  const methodOf = (/** @type {HTMLElement|undefined} */ element) =>
    element?.closest("[data-pane]")?.getAttribute("data-method") ?? "";
  return {
    "scroll-up": () => scroll(-0.15),
    "scroll-down": () => scroll(0.15),
    "scroll-page-up": () => scroll(-0.9),
    "scroll-page-down": () => scroll(0.9),
    upload: () => find("input[type=file][name=image]", HTMLInputElement).click(),
    help: () => toggleOverlay("help"),
    sources: () => toggleOverlay("sources"),
    "close-overlay": () => toggleOverlay(null),
    download: ({ element }) => download(methodOf(element)),
    retry: () => retry(),
    "retry-all": () => retryAll(),
  };
}
