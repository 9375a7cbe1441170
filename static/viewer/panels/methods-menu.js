/**
 * The menu of methods, opened by its button.
 *
 * @import { Gallery, LeftOut, Method, State } from "../state/types.js"
 */
import { visibleMethods } from "../state/selectors.js";
import { find, h } from "./dom.js";

export class MethodsMenu {
  #root = find("#methods-menu", HTMLElement);

  /** @param {() => void} onToggle  called after the menu opened or closed */
  constructor(onToggle) {
    this.#root.addEventListener("toggle", () => {
      find("[data-action=methods]", HTMLElement).setAttribute("aria-expanded", String(this.isOpen()));
      onToggle();
    });
  }

  isOpen() {
    return this.#root.matches(":popover-open");
  }

  /** Open below a button, or close. @param {HTMLElement} anchor @param {State} state */
  toggle(anchor, state) {
    this.update(state);
    const { left, bottom } = anchor.getBoundingClientRect();
    this.#root.style.left = `${left}px`;
    this.#root.style.top = `${bottom + 4}px`;
    this.#root.togglePopover();
    if (this.isOpen()) this.#root.querySelector("input")?.focus(); // with Tab alone it would be far away
  }

  /** @param {State} state */
  update(state) {
    const methods = state.gallery?.methods ?? [];
    const leftOut = state.gallery?.left_out ?? [];
    // Boxes stay while the methods do: a new box would take focus and a half-pressed key away from the visitor.
    const signature = JSON.stringify([leftOut, methods.map(({ id, label, family }) => [id, label, family])]);
    if (this.#root.dataset.offered !== signature) {
      this.#root.dataset.offered = signature;
      this.#root.replaceChildren(
        ...methods.map(rowOf),
        h("button", { class: "quiet", type: "button", dataset: { action: "all-methods" } }, "Show all"),
        ...(leftOut.length ? [reasonsOf(leftOut)] : []),
      );
    }
    const shown = new Set(visibleMethods(state).map((method) => method.id));
    for (const box of this.#root.querySelectorAll("input")) box.checked = shown.has(box.value);
  }
}

/** What of the folder is not shown, and why. @param {LeftOut[]} leftOut */
function reasonsOf(leftOut) {
  const reasons = leftOut.flatMap(({ name, reason }) => [h("dt", {}, name), h("dd", {}, reason)]);
  return h("section", { class: "left-out" }, h("h2", {}, "Left out"), h("dl", {}, ...reasons));
}

/** What the page says when it opens a gallery that does not show all; null if it does. @param {Gallery|null} gallery */
export function leftOutNotice(gallery) {
  const names = (gallery?.left_out ?? []).map(({ name }) => name);
  if (names.length === 0) return null;
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `Not everything is shown of ${names.slice(0, 3).join(", ")}${more}. The menu of methods says why.`;
}

/** @param {Method} method */
function rowOf({ id, label, family }) {
  return h(
    "label",
    { class: "check", dataset: { family } },
    h("input", { type: "checkbox", value: id, dataset: { action: "method" } }),
    h("i", { class: "swatch" }),
    h("span", {}, label),
  );
}
