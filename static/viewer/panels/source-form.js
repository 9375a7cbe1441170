/**
 * The form that declares one folder anew: how its numbers become metres, whether it is truth or shown, its name.
 *
 * @import { Folder } from "../state/types.js"
 */
import { formatSettings, parseSettings } from "../state/declared.js";
import { h } from "./dom.js";

/**
 * @typedef {object} Reading  One way to read a folder.
 * @property {string} words
 * @property {(settings: Record<string, string>) => boolean} is  Whether settings say this.
 * @property {Record<string, string>} settings  What it says by itself.
 * @property {readonly (readonly [name: string, label: string, hint: string])[]} asks  What it needs to be told.
 */

/** @param {string} scale @param {string} words @returns {Reading} */
const scaled = (scale, words) => ({
  words,
  is: ({ scale: stated, disparity, inverse }) => stated === scale && !disparity && !inverse,
  settings: { scale },
  asks: [],
});

const SCALE = /** @type {const} */ (["scale", "Stored number of one metre", "1000"]);

/** @type {Record<"depth"|"pictures", Record<string, Reading>>} */
export const READINGS = {
  depth: {
    usual: { words: "as the server reads it", is: () => false, settings: {}, asks: [] },
    metres: scaled("1", "metres"),
    millimetres: scaled("1000", "millimetres (NYU)"),
    centimetres: scaled("100", "centimetres"),
    kitti: scaled("256", "1/256 metre (KITTI)"),
    disparity: {
      words: "disparity in pixels",
      is: ({ disparity }) => Boolean(disparity),
      settings: {},
      asks: [
        ["disparity", "Focal length (pixels) × baseline (metres)", "389.6"],
        ["scale", "Stored number of one pixel; empty: 256, floats 1", "256"],
      ],
    },
    inverse: {
      words: "inverse depth",
      is: ({ inverse }) => Boolean(inverse),
      settings: {},
      asks: [
        ["inverse", "A:B of 1 / metres = A × number + B", "0.01:0.02"],
        ["scale", "Divide the numbers by this first; empty: 256, floats 1", "1"],
      ],
    },
    other: { words: "another unit", is: ({ scale }) => Boolean(scale), settings: {}, asks: [SCALE] },
  },
  pictures: {
    usual: { words: "as the server reads it", is: () => false, settings: {}, asks: [] },
    colors: {
      words: "colours only",
      is: ({ colors }) => colors === "1",
      settings: { colors: "1" },
      asks: [],
    },
    magma: {
      words: "depth in magma_r",
      is: ({ magma }) => Boolean(magma),
      settings: {},
      asks: [["magma", "MIN:MAX of the colours in metres", "0.001:80"]],
    },
  },
};

/** The reading that settings say. @param {Folder["kind"]} kind @param {Record<string, string>} settings */
export const readingOf = (kind, settings) =>
  Object.entries(READINGS[kind]).find(([, reading]) => reading.is(settings))?.[0] ?? "usual";

/**
 * @param {Folder} folder @param {string} settings  what the view declares of it
 * @param {(settings: string) => Promise<string|null>} apply  answers what is wrong, or null
 */
export function sourceForm(folder, settings, apply) {
  const stated = parseSettings(settings);
  const chosen = readingOf(folder.kind, stated);
  const options = Object.entries(READINGS[folder.kind]).map(([value, { words }]) =>
    h("option", { value, selected: value === chosen }, words),
  );
  const asked = h("div", { class: "asked" });
  const select = h("select", { name: "reading", onchange: ask }, ...options);
  const label = h("input", {
    type: "text",
    class: "text",
    name: "label",
    maxlength: 120,
    value: stated.label ?? "",
  });
  label.placeholder = folder.label;
  const truth = h("input", { type: "checkbox", name: "truth", checked: folder.truth });
  const ignore = h("input", {
    type: "checkbox",
    name: "ignore",
    checked: parseSettings(folder.declared).ignore === "1",
  });
  const wrong = h("p", { class: "wrong", role: "alert" });
  ask();

  function ask() {
    const fields = READINGS[folder.kind][select.value].asks.map(([name, words, hint]) =>
      row(
        words,
        h("input", { type: "text", class: "text", name, value: stated[name] ?? "", placeholder: hint }),
      ),
    );
    asked.replaceChildren(...fields);
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const { settings: own, asks } = READINGS[folder.kind][select.value];
    const values = Object.fromEntries(
      [...asked.querySelectorAll("input")].map((field) => [field.name, field.value.trim()]),
    );
    const missing = asks.find(([name]) => name === asks[0][0] && !values[name]);
    if (missing) wrong.textContent = `${missing[1]}: a value is needed, for example ${missing[2]}.`;
    else wrong.textContent = (await apply(formatSettings({ ...own, ...values, ...aside() }))) ?? "";
  }

  /** What is declared besides the reading, where it differs from what the server says without the view. */
  function aside() {
    const flag = (
      /** @type {string} */ name,
      /** @type {HTMLInputElement} */ box,
      /** @type {boolean} */ now,
    ) => (box.checked === now && !(name in stated) ? {} : { [name]: box.checked ? "1" : "0" });
    return {
      ...flag("truth", truth, folder.truth),
      ...flag("ignore", ignore, parseSettings(folder.declared).ignore === "1"),
      label: label.value.trim(),
    };
  }

  const button = (/** @type {string} */ words, /** @type {object} */ more) =>
    h("button", { class: "button", ...more }, words);
  return h(
    "form",
    { class: "source-form", onsubmit: submit, novalidate: true },
    row(folder.kind === "depth" ? "The numbers are" : "The pictures are", select),
    asked,
    row("Name on the page", label),
    h("label", { class: "check" }, truth, h("span", {}, "Ground truth")),
    h("label", { class: "check" }, ignore, h("span", {}, "Do not show it")),
    wrong,
    h(
      "div",
      { class: "source-buttons" },
      button("Apply", { type: "submit" }),
      settings ? button("Back to the server's reading", { type: "button", onclick: () => apply("") }) : null,
    ),
  );
}

/** A field with its label. @param {string} words @param {HTMLElement} field */
const row = (words, field) => h("label", { class: "source-row" }, h("span", {}, words), field);
