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

/**
 * The name of the file says frame, method, what it is compared with, and in which mode.
 * @param {Pane} pane @param {string} comparing  what the view calls its mode
 */
export function savePicture(pane, comparing) {
  if (!pane.shown) return;
  const { mode, given } = pane.shown;
  const title = mode.title(given.methods.map((method) => method?.id ?? PHOTO));
  const words = given.methods.length > 1 ? comparing : mode.words;
  const name = `${pane.element.dataset.frame}, ${title}, ${words}.png`.replaceAll(/[/\\:]/g, "_");
  pane.canvas.toBlob((blob) => {
    if (!blob) return notify("This browser could not make a file of the picture.", { error: true });
    const href = URL.createObjectURL(blob);
    h("a", { href, download: name }).click();
    notify(`Saved ${name}`);
    setTimeout(() => URL.revokeObjectURL(href), KEEP_URL_MS);
  });
}
