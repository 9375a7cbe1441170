/**
 * The toolbar. It shows the state; input/ turns what happens to it into actions.
 *
 * @import { GallerySummary, State } from "../state/types.js"
 */
import { favoriteIndexes } from "../state/favorites.js";
import { shortened } from "../state/labels.js";
import { visibleMethods } from "../state/selectors.js";
import { find, h, setText } from "./dom.js";

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
  const leftOut = state.gallery?.left_out?.length ?? 0;
  const count =
    (shown === all ? String(all) : `${shown} of ${all}`) + (leftOut ? `, ${leftOut} left out` : "");
  setText(find("[data-count=methods]", HTMLElement), count);
  updateCommonParts(state);
  setText(find("[data-count=favorites]", HTMLElement), String(favoriteIndexes(state).length));
  find("[data-action=columns]", HTMLSelectElement).value = String(Math.min(state.view.columns, 6));
  find("[data-action=layout]", HTMLSelectElement).value = state.view.layout;
  find("[data-action=opacity]", HTMLInputElement).value = String(state.view.opacity);
  const inspect = find("[data-action=distributions]", HTMLElement);
  inspect.setAttribute("aria-pressed", String(state.view.pixel !== null));
  const { panel } = state.view;
  find(".more [data-action=values]", HTMLElement).setAttribute("aria-pressed", String(panel === "table"));
}

/** What the labels of panes leave out, said once. @param {State} state */
function updateCommonParts(state) {
  const { common, inAll } = shortened(visibleMethods(state).map(({ label }) => label));
  const element = find("[data-common]", HTMLElement);
  element.hidden = !common;
  setText(element, `${inAll ? "all" : "most"}: ${common}`);
  element.title = `${inAll ? "All" : "Most"} names of methods have “${common}”. The pictures' labels leave it out.`;
}
