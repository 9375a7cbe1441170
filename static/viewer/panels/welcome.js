/**
 * The first visit: three sentences and the main keys over the pictures. The first key or click takes the note away; it
 * takes nothing from the key or click, and lets the pointer through.
 */
import { isWelcomed, rememberWelcome } from "../state/visits.js";
import { find, h } from "./dom.js";

const FIRST = "Each picture shows the depth of one method, in metres and in the same colours.";

/** @param {{touch: boolean}} by  whether a finger is what the visitor points with */
export const firstSteps = ({ touch }) =>
  touch
    ? [
        FIRST,
        "Tap the number of a method, and all others show how far they are from it.",
        "Tap a pixel to read all of them there. Two fingers zoom.",
      ]
    : [
        FIRST,
        "Press the number of a method, and all others show how far they are from it.",
        "Point at a pixel to read all of them there.",
      ];

export const byTouch = () => ({ touch: matchMedia("(pointer: coarse)").matches });

/** What the main keys do, in a word or two, and their commands. @type {readonly (readonly [string, string[]])[]} */
const MAIN_KEYS = Object.freeze([
  ["compare", ["toggle-diff"]],
  ["frames", ["previous", "next"]],
  ["zoom", ["zoom-in", "zoom-out"]],
  ["all keys", ["help"]],
]);

export class Welcome {
  #root = find(".welcome", HTMLElement);
  #offered = false;

  /** @param {readonly {command: string, show: string}[]} keys */
  constructor(keys) {
    const by = byTouch();
    const items = MAIN_KEYS.flatMap(([words, commands]) => {
      const shown = keys.filter((key) => commands.includes(key.command) && key.show);
      return shown.length ? [h("li", {}, ...shown.map(({ show }) => h("kbd", {}, show)), ` ${words}`)] : [];
    });
    this.#root.replaceChildren(
      h("h2", {}, "First steps"),
      ...firstSteps(by).map((sentence) => h("p", {}, sentence)),
      ...(by.touch ? [] : [h("ul", {}, ...items)]),
      h("button", { class: "button primary", type: "button" }, "Got it"),
    );
  }

  /** Show the note, once, to who has not been here before. */
  offer() {
    if (this.#offered) return;
    this.#offered = true;
    this.#root.hidden = isWelcomed();
  }

  dismiss() {
    if (this.#root.hidden) return;
    this.#root.hidden = true;
    rememberWelcome();
  }
}
