/**
 * Toolbar, menu of methods and timeline: they show the state; main.js turns what happens to them into actions.
 *
 * @import { GallerySummary, State } from "./types.js"
 */
import { find, h, setText } from "./dom.js";
import { favoriteIndexes } from "./favorites.js";
import { currentFrame, visibleMethods, walkOf } from "./store.js";

/** Beyond this many frames marks on the track would only be noise. */
const MAX_MARKS = 400;

/** @param {State} state @param {GallerySummary[]} galleries */
export function updateToolbar(state, galleries) {
  const select = find("[data-action=choose-gallery]", HTMLSelectElement);
  const signature = JSON.stringify(galleries.map(({ id, title, n_frames }) => [id, title, n_frames]));
  if (select.dataset.offered !== signature) {
    select.dataset.offered = signature;
    select.replaceChildren(
      ...galleries.map((g) => h("option", { value: g.id }, `${g.title} (${g.n_frames})`)),
    );
  }
  select.value = state.view.gallery ?? "";
  select.disabled = galleries.length === 0;
  const all = state.gallery?.methods.length ?? 0;
  const shown = visibleMethods(state).length;
  setText(find("[data-count=methods]", HTMLElement), shown === all ? String(all) : `${shown} of ${all}`);
  setText(find("[data-count=favorites]", HTMLElement), String(favoriteIndexes(state).length));
  find("[data-action=columns]", HTMLSelectElement).value = String(Math.min(state.view.columns, 6));
  const inspect = find("[data-action=distributions]", HTMLElement);
  inspect.setAttribute("aria-pressed", String(state.view.pixel !== null));
}

/** @param {HTMLElement} menu @param {State} state */
export function updateMethodsMenu(menu, state) {
  const shown = new Set(visibleMethods(state).map((method) => method.id));
  const rows = (state.gallery?.methods ?? []).map((method) =>
    h(
      "label",
      { class: "check", dataset: { family: method.family } },
      h("input", {
        type: "checkbox",
        value: method.id,
        checked: shown.has(method.id),
        dataset: { action: "method" },
      }),
      h("i", { class: "swatch" }),
      h("span", {}, method.label),
    ),
  );
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
  menu.replaceChildren(
    ...rows,
    h("button", { class: "quiet", type: "button", dataset: { action: "all-methods" } }, "Show all"),
  );
  if (focused !== null) [...menu.querySelectorAll("input")].find((input) => input.value === focused)?.focus();
}

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
  setText(
    find("[data-count=frames]", HTMLElement),
    `of 0–${Math.max(0, (state.gallery?.frames.length ?? 0) - 1)}`,
  );
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
