/**
 * The help: what the page does in a few lines, and every key. Modes and keys bring their own words.
 */
import { MODES } from "../modes/index.js";
import { closeButton, h } from "./dom.js";
import { byTouch, firstSteps } from "./welcome.js";

/** @type {[string, string][]} */
const WORDS = [
  [
    "Zoom",
    "Turn the wheel over a picture, or pinch: all panes show the same part. Drag to move it. Where the pictures don't fit in the window the wheel scrolls until you zoom; Ctrl and the wheel always zoom.",
  ],
];

/** @type {[string, string][]} */
const WORDS_OF_SERVER = [
  [
    "Distributions",
    "Click a pixel: the models run on the photo and show how likely they find each depth there. A network without bins shows the target distribution, which is made from its depth.",
  ],
  [
    "Your photos",
    "Open, drop or paste photos, and every model of the server runs on them. They go to this server only, which does not keep them. This browser keeps them with their depth until you remove them.",
  ],
  ["Address", "The address of the page holds the whole view: copy it to share what you see."],
];

/**
 * @param {HTMLDialogElement} dialog
 * @param {readonly {group: string, show: string, label: string}[]} keys  A key without `show` is not listed.
 * @param {{groups: readonly string[], hasServer: boolean}} page  `groups`: in the order of the help
 */
export function renderHelp(dialog, keys, { groups, hasServer }) {
  const lists = groups.flatMap((group) => {
    const rows = keys.filter((binding) => binding.group === group && binding.show);
    if (rows.length === 0) return [];
    const items = rows.flatMap((binding) => [
      h("dt", {}, h("kbd", {}, binding.show)),
      h("dd", {}, binding.label),
    ]);
    return h("section", {}, h("h3", {}, group), h("dl", { class: "keys" }, ...items));
  });
  const ofModes = MODES.flatMap(({ help }) => (help ? [[help.term, help.text]] : []));
  const words = [...ofModes, ...WORDS, ...(hasServer ? WORDS_OF_SERVER : [])];
  const programs = h(
    "dd",
    {},
    "All of this is also available over HTTP: ",
    h("a", { href: "/docs" }, "every call"),
    ".",
  );
  dialog.replaceChildren(
    h("header", {}, h("h2", {}, "Keys and controls"), closeButton()),
    h(
      "div",
      { class: "sheet-body help" },
      h("p", { class: "first-steps" }, firstSteps(byTouch()).join(" ")),
      h("div", { class: "key-groups" }, ...lists),
      h(
        "dl",
        { class: "words" },
        ...words.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
        ...(hasServer ? [h("dt", {}, "Programs"), programs] : []),
      ),
    ),
  );
}
