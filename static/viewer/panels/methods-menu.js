/**
 * The menu of methods, opened by its button.
 *
 * @import { State } from "../state/types.js"
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
    // New elements: give the focus back to the one that had it.
    const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
    this.#root.replaceChildren(
      ...rows,
      h("button", { class: "quiet", type: "button", dataset: { action: "all-methods" } }, "Show all"),
    );
    if (focused !== null)
      [...this.#root.querySelectorAll("input")].find((input) => input.value === focused)?.focus();
  }
}
