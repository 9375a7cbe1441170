/**
 * Saving what a pane shows, as it is shown.
 *
 * @import { Pane } from "./pane.js"
 */
import { PHOTO } from "../sources/wishes.js";
import { h } from "./dom.js";
import { notify } from "./notice.js";

/** A browser may still read the file for a moment after the click. */
const KEEP_URL_MS = 10_000;

/** @param {Pane} pane */
export function savePicture(pane) {
  if (!pane.shown) return;
  const { mode, given } = pane.shown;
  const title = mode.title(given.methods.map((method) => method?.id ?? PHOTO));
  const name = `[${title}] ${pane.element.dataset.frame}.png`.replaceAll(/[/\\:]/g, "_");
  pane.canvas.toBlob((blob) => {
    if (!blob) return notify("This browser could not make a file of the picture.", { error: true });
    const href = URL.createObjectURL(blob);
    h("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEEP_URL_MS);
  });
}
