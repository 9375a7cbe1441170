/**
 * A sheet that finds one of many names by a few of their letters: a combobox with a list.
 *
 * @typedef {object} Choice
 * @property {string} name
 * @property {string} note  beside the name
 * @property {{family: string, tint?: number}} [colour]  attributes that viewer.css knows
 *
 * @typedef {object} Finding
 * @property {string} title
 * @property {string} hint  what the keys do with the choice
 * @property {(query: string) => {choices: Choice[], more: number}} search  the best first; `more` are left out
 * @property {(choice: Choice, event: KeyboardEvent|MouseEvent) => void} choose
 */
import { closeButton, h, setText } from "./dom.js";
import { nameOf } from "./names.js";

/** @param {HTMLDialogElement} sheet @param {Finding} finding */
export function renderFinder(sheet, { title, hint, search, choose }) {
  const list = h("ul", {
    class: "found",
    role: "listbox",
    id: `${sheet.dataset.overlay}-found`,
    "aria-label": title,
  });
  const more = h("p", { class: "dim", role: "status" });
  const input = h("input", {
    type: "text",
    class: "text",
    role: "combobox",
    autofocus: true,
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": title,
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  /** @type {Choice[]} */
  let choices = [];
  let at = 0;
  const select = (/** @type {number} */ place) => {
    at = Math.max(0, Math.min(choices.length - 1, place));
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    const row = list.children[at];
    if (!row) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  };
  const take = (/** @type {number} */ place, /** @type {KeyboardEvent|MouseEvent} */ event) => {
    if (!choices[place]) return;
    sheet.close();
    choose(choices[place], event);
  };
  const refresh = () => {
    const found = search(input.value.trim());
    choices = found.choices;
    list.replaceChildren(
      ...choices.map((choice, i) => rowOf(choice, `${list.id}-${i}`, (event) => take(i, event))),
    );
    setText(
      more,
      choices.length === 0
        ? "No name has these letters in this order. Type fewer of them."
        : found.more
          ? `${found.more} more`
          : "",
    );
    select(0);
  };
  input.addEventListener("input", refresh);
  input.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (event.key === "Enter" && !event.isComposing) take(at, event);
    else if (step) select(at + step);
    else return;
    event.preventDefault();
  });
  sheet.replaceChildren(
    h("header", {}, h("h2", {}, title), closeButton()),
    h("div", { class: "sheet-body finder" }, input, list, more, h("p", { class: "dim" }, hint)),
  );
  refresh();
}

/** @type {Readonly<Record<string, number>>} */
const STEPS = Object.freeze({ ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8 });

/** @param {Choice} choice @param {string} id @param {(event: MouseEvent) => void} onclick */
function rowOf({ name, note, colour }, id, onclick) {
  const swatch = colour ? h("i", { class: "swatch" }) : null;
  return h(
    "li",
    { role: "option", id, onclick, title: name, dataset: colour ?? {} },
    swatch,
    nameOf(name),
    h("span", { class: "dim" }, note),
  );
}
