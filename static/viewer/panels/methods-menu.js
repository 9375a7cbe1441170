/**
 * The menu of methods, opened by its button: which are on show, and in which order. It shows the state; input/ turns
 * what happens to it into actions.
 *
 * @import { Gallery, LeftOut, Method, State } from "../state/types.js"
 */
import { holds } from "../state/fuzzy.js";
import { shortened } from "../state/labels.js";
import { visibleMethods } from "../state/selectors.js";
import { find, h, setText } from "./dom.js";
import { colourOf, nameOf } from "./names.js";

/** With fewer methods there is nothing to look for. */
const MANY = 9;
const NOTHING = "Nothing is ticked yet. Tick the methods to show.";

export class MethodsMenu {
  #root = find("#methods-menu", HTMLElement);
  #offered = "";
  /** The methods on show when all ticks were taken away; until others are chosen the boxes stay empty. @type {string[]|null} */
  #cleared = null;
  /** @type {string[]} */
  #targets = [];

  /** @param {() => void} onToggle  called after the menu opened or closed */
  constructor(onToggle) {
    this.#root.addEventListener("toggle", () => {
      find("[data-action=methods]", HTMLElement).setAttribute("aria-expanded", String(this.isOpen()));
      this.#cleared = null;
      onToggle();
    });
    this.#root.addEventListener("input", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.type === "search") this.#filter();
    });
  }

  isOpen() {
    return this.#root.matches(":popover-open");
  }

  /** Open below a button, or close. @param {HTMLElement} anchor @param {State} state */
  toggle(anchor, state) {
    this.#offered = ""; // the methods on show come first, in their order
    this.update(state);
    const { left, bottom } = anchor.getBoundingClientRect();
    this.#root.style.top = `${bottom + 4}px`;
    this.#root.togglePopover();
    if (!this.isOpen()) return;
    this.#root.style.left = `${Math.max(0, Math.min(left, innerWidth - this.#root.offsetWidth - 8))}px`;
    this.#root.querySelector("input")?.focus(); // with Tab alone it would be far away
  }

  /** Take all ticks away. What is on show stays until others are ticked. */
  clear() {
    this.#cleared = this.#targets;
    for (const box of this.#boxes()) box.checked = false;
    this.#tell();
  }

  /** Ids of the methods whose names fit the filter, in the order of the rows. */
  fitting() {
    return this.#boxes().flatMap((box) => (box.closest("li")?.hidden ? [] : box.value));
  }

  /** @param {State} state */
  update(state) {
    const { gallery } = state;
    if (!gallery) return;
    const shown = visibleMethods(state);
    const leftOut = gallery.left_out ?? [];
    // Rows stay while the methods do: a new box would take focus and a half-pressed key away from the visitor.
    const signature = JSON.stringify([leftOut, gallery.methods]);
    if (this.#offered !== signature) {
      this.#offered = signature;
      const rows = [...shown, ...gallery.methods.filter((method) => !shown.includes(method))];
      const { short } = shortened(rows.map(({ label }) => label));
      this.#root.replaceChildren(
        ...headOf(gallery),
        h("ul", { class: "method-rows" }, ...rows.map((method, i) => rowOf(method, short[i]))),
        h("p", { class: "dim", role: "status", dataset: { menuNote: "" } }),
        ...(leftOut.length ? [reasonsOf(leftOut)] : []),
      );
    }
    if (this.#targets !== state.view.targets) this.#cleared = null;
    this.#targets = state.view.targets;
    if (this.#cleared) return;
    const ids = shown.map((method) => method.id);
    for (const box of this.#boxes()) this.#tick(box, ids.indexOf(box.value) + 1);
    for (const chip of this.#root.querySelectorAll("[data-action=method-family]"))
      chip.setAttribute("aria-pressed", String(isOnShow(chip, gallery.methods, ids)));
    this.#tell();
  }

  #boxes() {
    const boxes = this.#root.querySelectorAll("input[data-action=method]");
    return /** @type {HTMLInputElement[]} */ ([...boxes]);
  }

  /** @param {HTMLInputElement} box @param {number} number  place among the methods on show, from 1; 0 = not shown */
  #tick(box, number) {
    box.checked = number > 0;
    const key = box.closest("li")?.querySelector("kbd");
    if (key instanceof HTMLElement) {
      key.style.visibility = number > 0 && number <= 9 ? "" : "hidden";
      setText(key, String(number));
    }
  }

  #tell() {
    const note = this.#root.querySelector("[data-menu-note]");
    if (note) setText(note, this.#cleared ? NOTHING : "");
  }

  #filter() {
    const query = this.#root.querySelector("input[type=search]");
    const text = query instanceof HTMLInputElement ? query.value : "";
    for (const row of this.#root.querySelectorAll("li")) row.hidden = !holds(text, row.dataset.names ?? "");
    const only = find("[data-action=fitting-methods]", HTMLButtonElement, this.#root);
    const count = this.fitting().length;
    only.disabled = !text.trim() || count === 0;
    setText(only, text.trim() ? `Only these ${count}` : "Only these");
  }
}

/** Whether all methods of a chip's family are on show. @param {Element} chip @param {Method[]} methods @param {string[]} shown */
const isOnShow = (chip, methods, shown) =>
  methods.every(({ id, family }) => family !== chip.getAttribute("data-family") || shown.includes(id));

/** What stands above the rows. @param {Gallery} gallery */
function headOf({ methods }) {
  const families = [...new Set(methods.map((method) => method.family))];
  const button = (/** @type {string} */ action, /** @type {string} */ words, more = {}) =>
    h("button", { class: "button", type: "button", ...more, dataset: { action } }, words);
  return [
    methods.length < MANY
      ? null
      : h("input", {
          type: "search",
          class: "text",
          placeholder: "Filter by name",
          "aria-label": "Filter the methods by name",
          dataset: { action: "filter-methods" },
        }),
    h(
      "div",
      { class: "menu-buttons" },
      button("all-methods", "All"),
      button("no-methods", "None"),
      methods.length < MANY ? null : button("fitting-methods", "Only these", { disabled: true }),
    ),
    families.length > 1 && methods.length >= MANY
      ? h("div", { class: "menu-buttons", role: "group", "aria-label": "Families" }, ...families.map(chipOf))
      : null,
  ].filter((part) => part !== null);
}

/** A family's button. @param {string} family */
function chipOf(family) {
  return h(
    "button",
    { class: "family", type: "button", dataset: { action: "method-family", family } },
    h("i", { class: "swatch" }),
    FAMILY_WORDS[family] ?? family,
  );
}

/** @type {Readonly<Record<string, string>>} */
const FAMILY_WORDS = Object.freeze({
  ground_truth: "Ground truth",
  teacher: "Teacher",
  baseline: "Baseline",
  reskd: "Res-KD",
  tiekd: "TIE-KD",
  tiekd_dpm: "TIE-KD (DPM)",
  tiekd_depth: "TIE-KD (depth)",
  other: "Others",
});

/** @param {Method} method @param {string} short  its label without what the others have, too */
function rowOf(method, short) {
  const { id, label } = method;
  return h(
    "li",
    { dataset: { ...colourOf(method), method: id, names: `${label} ${id}` } },
    h("i", { class: "grip", title: "Drag to another place (Alt ↑ and Alt ↓ on the box)" }),
    h(
      "label",
      { class: "check", title: id === label ? label : `${label} (${id})` },
      h("input", { type: "checkbox", value: id, dataset: { action: "method" } }),
      h("i", { class: "swatch" }),
      nameOf(short),
    ),
    h("kbd", { "aria-hidden": "true" }),
    h(
      "button",
      {
        class: "quiet",
        type: "button",
        title: "Show only this one (Enter on the box)",
        tabindex: -1,
        dataset: { action: "only-method" },
      },
      "only",
    ),
  );
}

/** What of the folder is not shown, and why. @param {LeftOut[]} leftOut */
export function reasonsOf(leftOut) {
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
