/**
 * The timeline: which frame of which walk is on show. It shows the state; input/ turns what happens to it into actions.
 *
 * @import { State } from "../state/types.js"
 */
import { favoriteIndexes } from "../state/favorites.js";
import { countOf } from "../state/frames.js";
import { currentFrame, walkOf } from "../state/selectors.js";
import { find, h, setText } from "./dom.js";

/** Beyond this many frames marks on the track would only be noise. */
const MAX_MARKS = 400;

/** @param {State} state */
export function updateTimeline(state) {
  const walk = walkOf(state);
  const at = Math.max(0, walk.indexOf(state.view.index));
  const frame = currentFrame(state);
  const scrub = find("[data-action=scrub]", HTMLInputElement);
  scrub.max = String(Math.max(0, walk.length - 1));
  scrub.value = String(at);
  scrub.disabled = walk.length < 2;
  scrub.setAttribute("aria-valuetext", frame ? `${frame.title}, ${at + 1} of ${walk.length}` : "");
  const index = find("[data-action=index]", HTMLInputElement);
  if (document.activeElement !== index) index.value = frame ? String(state.view.index) : "";
  setText(find("[data-count=frames]", HTMLElement), `of 0–${Math.max(0, countOf(state.gallery) - 1)}`);
  const title = find("[data-frame-title]", HTMLElement);
  setText(title, frame?.title ?? "");
  title.title = frame?.title ?? "";
  find("[data-action=previous]", HTMLButtonElement).disabled = at <= 0;
  find("[data-action=next]", HTMLButtonElement).disabled = at >= walk.length - 1;
  const only = find("[data-action=all-frames]", HTMLElement);
  only.hidden = state.view.indexes === null;
  setText(only, `Only ${walk.length} frames ×`);
  only.title = "Back to all frames";
  updateFavoriteMarks(state, walk);
}

/** @param {State} state @param {number[]} walk */
function updateFavoriteMarks(state, walk) {
  const favorites = new Set(favoriteIndexes(state));
  const star = find("[data-action=favorite]", HTMLElement);
  star.setAttribute("aria-pressed", String(favorites.has(state.view.index)));
  star.title = favorites.has(state.view.index) ? "Remove from the favourites (D)" : "Keep as a favourite (S)";
  const marks = find(".marks", HTMLElement);
  const signature = JSON.stringify([walk.length, [...favorites]]);
  if (marks.dataset.signature === signature) return;
  marks.dataset.signature = signature;
  const dots =
    walk.length > MAX_MARKS
      ? []
      : walk.map((index, i) => {
          const mark = h("i", { dataset: { favorite: String(favorites.has(index)) } });
          mark.style.setProperty("--at", String(walk.length > 1 ? i / (walk.length - 1) : 0));
          return mark;
        });
  marks.replaceChildren(...dots);
}
