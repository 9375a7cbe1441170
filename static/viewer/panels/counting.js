/**
 * What the metrics of the panes count: a button that says it, and a popover that changes it. It shows the state; input/
 * turns what happens to it into actions.
 *
 * @import { State } from "../state/types.js"
 */
import { shortened } from "../state/labels.js";
import { measuredAgainst, statRuleOf, truthOf, visibleMethods } from "../state/selectors.js";
import { truthId } from "../state/targets.js";
import { offer } from "./comparison.js";
import { find, setText } from "./dom.js";

const BOX_LABELS = Object.freeze({ none: "whole picture", garg: "Garg’s crop", eigen: "Eigen’s crop" });

/**
 * Which pixels count in the metrics, and what they are measured against where that is not the usual ground truth: in
 * few words and in all.
 * @param {State} state
 */
export function countedWords(state) {
  const { words, long } = statRuleOf(state);
  const against = measuredAgainst(state);
  if (!against || !state.gallery || against.id === truthId(state.gallery, null))
    return { about: words, long };
  const shown = visibleMethods(state);
  const { short } = shortened(shown.map(({ label }) => label));
  const name = short[shown.findIndex(({ id }) => id === against.id)] ?? against.label;
  return { about: `to ${name} ${words}`, long: `to ${against.label}, ${long}` };
}

export class Counting {
  #root = find("#counting", HTMLElement);
  #button = find("[popovertarget=counting]", HTMLElement);

  constructor() {
    this.#root.addEventListener("toggle", () => {
      const open = this.#root.matches(":popover-open");
      this.#button.setAttribute("aria-expanded", String(open));
      if (open) this.#place();
    });
  }

  /** Below its button, inside the window. */
  #place() {
    const { left, bottom } = this.#button.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.#root;
    style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - offsetHeight - 8))}px`;
  }

  /** @param {State} state */
  update(state) {
    const { box, truth } = state.view;
    const { cap } = statRuleOf(state);
    const { about, long } = countedWords(state);
    const against = truthOf(state);
    setText(find("[data-count=pixels]", HTMLElement), about);
    this.#button.setAttribute("aria-label", `Count ${about}`);
    this.#button.title = `The metrics of the panes count: ${long}. Ground truth: ${against?.label ?? "none"}.`;

    const metric = state.gallery?.methods.filter(({ unit }) => unit === "m") ?? [];
    const usual = state.gallery && truthId(state.gallery, null);
    const choices = metric.map(
      ({ id, label }) => /** @type {[string, string]} */ ([id === usual ? "" : id, label]),
    );
    if (!usual) choices.unshift(["", "none"]);
    offer(this.#find("truth", HTMLSelectElement), choices, against && truth && truth !== usual ? truth : "");

    const drawn = typeof box === "string" ? [] : [/** @type {[string, string]} */ ([String(box), "own box"])];
    offer(this.#find("box", HTMLSelectElement), [...Object.entries(BOX_LABELS), ...drawn], String(box));
    this.#write("own-box", typeof box === "string" ? "" : box.join(", "));
    this.#write("cap-min", String(cap[0]));
    this.#write("cap-max", String(cap[1]));
  }

  /** @template {HTMLElement} T @param {string} action @param {new () => T} type @returns {T} */
  #find(action, type) {
    return find(`[data-action=${action}]`, type, this.#root);
  }

  /** A field that somebody types into is left alone. @param {string} action @param {string} value */
  #write(action, value) {
    const field = this.#find(action, HTMLInputElement);
    if (document.activeElement !== field) field.value = value;
  }
}
