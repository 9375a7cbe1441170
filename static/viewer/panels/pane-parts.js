/**
 * The elements of a pane.
 *
 * @import { Method } from "../state/types.js"
 */
import { h, setText, svg } from "./dom.js";
import { nameOf } from "./names.js";
import { Stage } from "./stage.js";

/** @param {Method|null} method  null = the colour photo @param {{label: string, short: string}} names @param {number} number */
export function paneParts(method, { label, short }, number) {
  const chip = chipOf(method, label, number);
  const save = saveButton(label);
  const name = nameButton(method, { label, short }, number);
  const shape = h("span", { class: "pane-shape" });
  const tag = h("span", { class: "pane-note" });
  const mean = h("span", { class: "pane-mean" });
  const note = h("span", { class: "pane-note" });
  const scores = h("span", { class: "pane-scores" });
  const facts = h("div", { class: "pane-facts" }, tag, mean, scores, note);
  const value = h("span", { class: "pane-value" });
  const message = h("p", { class: "pane-message" });
  const retry = h(
    "button",
    { class: "quiet", type: "button", hidden: true, dataset: { action: "retry" } },
    "Try again",
  );
  const veil = h("div", { class: "pane-veil" }, message, retry);
  // prettier-ignore
  return {
    chip, shape, tag, mean, note, scores, value, message, retry,
    caption: h("figcaption", {}, chip, name, shape, facts, value, save),
    stage: new Stage(veil),
  };
}

/** The name does what the number before it does; the photo has no difference. @param {Method|null} method @param {{label: string, short: string}} names @param {number} number */
function nameButton(method, { label, short }, number) {
  if (!method) return h("span", { class: "pane-name" }, nameOf(short));
  const model = method.model && method.model !== label ? ` (${method.model})` : "";
  const title = `${label}${model}: show the difference of all to it`;
  const dataset = { action: "compare-to", target: number };
  return h("button", { class: "pane-name", type: "button", title, dataset }, nameOf(short));
}

/** @param {string} label */
function saveButton(label) {
  const title = `Save the picture of ${label} as it is shown`;
  const icon = svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" });
  icon.append(svg("path", { d: "M8 2.5V10M4.5 7 8 10.5 11.5 7M2.5 10.5v3h11v-3" }));
  const dataset = { action: "download" };
  return h("button", { class: "pane-save", type: "button", title, "aria-label": title, dataset }, icon);
}

/** The button with the pane's number; above 9 there is no key for it. @param {Method|null} method @param {string} label @param {number} number */
function chipOf(method, label, number) {
  const hasKey = number <= 9;
  const chip = h("button", {
    class: "chip",
    type: "button",
    hidden: method === null,
    title: `Difference to ${label}${hasKey ? ` (key ${number})` : ""}`,
    "aria-keyshortcuts": hasKey ? number : null,
    dataset: { action: "toggle-diff", target: number },
  });
  chip.setAttribute("aria-label", chip.title);
  setText(chip, hasKey ? String(number) : "·");
  return chip;
}
