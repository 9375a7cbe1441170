/**
 * The elements of a pane.
 *
 * @import { Method } from "../state/types.js"
 */
import { h, setText } from "./dom.js";
import { nameOf } from "./names.js";
import { Stage } from "./stage.js";

/** @param {Method|null} method  null = the colour photo @param {{label: string, short: string}} names @param {number} number */
export function paneParts(method, { label, short }, number) {
  const chip = chipOf(method, label, number);
  const model = method?.model && method.model !== label ? ` (${method.model})` : "";
  const title = `${label}${model}: save this picture`;
  const name = h(
    "button",
    { class: "pane-name", type: "button", title, dataset: { action: "download" } },
    nameOf(short),
  );
  const tag = h("span", { class: "pane-note" });
  const mean = h("span", { class: "pane-mean" });
  const note = h("span", { class: "pane-note" });
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
    chip, tag, mean, note, value, message, retry,
    caption: h("figcaption", {}, chip, name, tag, mean, note, value),
    stage: new Stage(veil),
  };
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
