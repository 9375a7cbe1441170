/**
 * What stands where pictures would be, when there are none: why, and what to do.
 *
 * @import { GallerySummary, State } from "../state/types.js"
 */
import { UPLOAD_GALLERY } from "../sources/own-gallery.js";
import { countOf } from "../state/frames.js";
import { find, h, setText } from "./dom.js";

const NO_PHOTO =
  "Open photos, or drop or paste them, and every model of this server estimates their depth. " +
  "To show a folder of results, start the server with “tiekd serve --results DIR”.";
const NO_FRAMES = "Its folder holds no pictures that can be shown.";

/**
 * @param {State} state @param {GallerySummary[]} others  galleries to go to instead
 * @returns {boolean} whether there is nothing else to show
 */
export function showBlank({ failure, gallery, view }, others) {
  const blank = find(".blank", HTMLElement);
  // While the page tries again, what it said stands: there is nothing else to show yet.
  if (failure === null && gallery === null) return !blank.hidden;
  blank.hidden = failure === null && countOf(gallery) > 0;
  if (blank.hidden) return false;
  const own = view.gallery === UPLOAD_GALLERY;
  const title = failure ? "This can't be shown" : own ? "No photo yet" : "This gallery has no frames";
  setText(find("h2", HTMLElement, blank), title);
  setText(find("p", HTMLElement, blank), failure ?? (own ? NO_PHOTO : NO_FRAMES));
  offer(find(".blank-actions", HTMLElement, blank), failure !== null, others.slice(0, 2));
  return true;
}

/** Only what changed: a button that is made anew loses the keyboard. @param {HTMLElement} root @param {boolean} again @param {GallerySummary[]} others */
function offer(root, again, others) {
  const offered = JSON.stringify([again, others.map(({ id, title }) => [id, title])]);
  if (root.dataset.offered === offered) return;
  root.dataset.offered = offered;
  root.replaceChildren(
    ...(again ? [action("retry-all", "Try again", "primary")] : []),
    action("upload", "Open photos"),
    ...others.map(galleryLink),
  );
}

/** @param {string} name @param {string} text */
function action(name, text, kind = "") {
  return h("button", { class: `button ${kind}`, type: "button", dataset: { action: name } }, text);
}

/** @param {GallerySummary} gallery */
function galleryLink({ id, title }) {
  const href = `?gallery=${encodeURIComponent(id)}`;
  return h("a", { class: "button", href, dataset: { action: "follow" } }, `Show ${title}`);
}
