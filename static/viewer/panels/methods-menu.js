/**
 * The menu of methods, opened by its button.
 *
 * @import { Method, State } from "../state/types.js"
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
    // Boxes stay while the methods do: a new box would take focus and a half-pressed key away from the visitor.
    const signature = JSON.stringify(methods.map(({ id, label, family }) => [id, label, family]));
    if (this.#root.dataset.offered !== signature) {
      this.#root.dataset.offered = signature;
      this.#root.replaceChildren(
        ...methods.map(rowOf),
        h("button", { class: "quiet", type: "button", dataset: { action: "all-methods" } }, "Show all"),
      );
    }
    const shown = new Set(visibleMethods(state).map((method) => method.id));
    for (const box of this.#root.querySelectorAll("input")) box.checked = shown.has(box.value);
  }
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
