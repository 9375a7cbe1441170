/**
 * The help: what the page does in a few lines, and every key, from the key table.
 */
import { h } from "./dom.js";
import { KEYMAP } from "./keymap.js";

const GROUPS = /** @type {const} */ (["Frames", "Compare", "Favourites", "Look", "Page"]);

const WORDS = [
  [
    "Depth",
    "Every picture of a gallery uses one fixed scale in metres, so colours mean the same everywhere. Point at a pixel to read all panes there.",
  ],
  [
    "Difference",
    "Press the number on a label: every other pane shows how far its depth b is from that method's depth a, in metres, on the second scale.",
  ],
  [
    "Distributions",
    "Click a pixel: the models run on the photo and show how they spread their belief over depth. Networks without bins get the target distribution made from their depth.",
  ],
  [
    "Your photos",
    "Open or drop a photo and every loaded model runs on it. Photos go to this server only and are not kept.",
  ],
  ["Address", "The address of the page holds the whole view: copy it to share what you see."],
];

/** @param {HTMLDialogElement} dialog */
export function renderHelp(dialog) {
  const groups = GROUPS.map((group) => {
    const rows = KEYMAP.filter((binding) => binding.group === group && binding.show);
    const items = rows.flatMap((binding) => [
      h("dt", {}, h("kbd", {}, binding.show)),
      h("dd", {}, binding.label),
    ]);
    return h("section", {}, h("h3", {}, group), h("dl", { class: "keys" }, ...items));
  });
  const words = WORDS.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]);
  dialog.replaceChildren(
    h("header", {}, h("h2", {}, "Keys and controls"), closeButton()),
    h(
      "div",
      { class: "sheet-body help" },
      h("div", { class: "key-groups" }, ...groups),
      h(
        "dl",
        { class: "words" },
        ...words,
        h("dt", {}, "Programs"),
        h("dd", {}, "Everything here can be had over HTTP: ", h("a", { href: "/docs" }, "every call"), "."),
      ),
    ),
  );
}

export function closeButton() {
  return h(
    "button",
    { class: "button square", type: "button", "aria-label": "Close", dataset: { action: "close-overlay" } },
    "×",
  );
}
