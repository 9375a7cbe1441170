/**
 * Sheets, files and trying again.
 *
 * @import { Command, Page } from "./command.js"
 */
import { find } from "../../panels/dom.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function pageCommands({ toggleOverlay, download, retry, retryAll }) {
  const methodOf = (/** @type {HTMLElement|undefined} */ element) =>
    element?.closest("[data-pane]")?.getAttribute("data-method") ?? "";
  return {
    upload: () => find("input[type=file][name=image]", HTMLInputElement).click(),
    help: () => toggleOverlay("help"),
    "close-overlay": () => toggleOverlay(null),
    download: ({ element }) => download(methodOf(element)),
    retry: () => retry(),
    "retry-all": () => retryAll(),
  };
}
