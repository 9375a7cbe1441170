/**
 * The panel that reads all methods where the cursor is: their values, or errors by depth and a profile of the row.
 * It lies over the pictures, away from the pointer, and follows cursor and frame once a repaint at most.
 *
 * @import { State } from "../state/types.js"
 * @import { Part } from "../paint/profile.js"
 * @import { Size } from "../state/window.js"
 * @import { Peek } from "./content.js"
 * @import { Cursor } from "./stage.js"
 *
 * @typedef {object} Scene  What is read.
 * @property {Cursor} at
 * @property {[number, number]} pixel  of the photo
 * @property {Size} photo
 * @property {Part} part  of the photo's width that is in sight
 * @property {Peek} peek
 */
import { currentFrame } from "../state/selectors.js";
import { BandsTable } from "./bands-table.js";
import { h, setText } from "./dom.js";
import { ProfileChart } from "./profile-chart.js";
import { ValuesTable } from "./values-table.js";

/** The middle of the picture, until something was pointed at. */
const MIDDLE = Object.freeze({ u: 0.5, v: 0.5 });

export class Probe {
  #scheduled = 0;
  #open = "none";
  /** @type {Cursor} the last place that was read: it stays while the pointer is elsewhere */
  #last = MIDDLE;
  #where = h("span", { class: "dim" });
  #body = h("div", { class: "probe-body" });
  #contents;

  /**
   * @param {HTMLElement} root
   * @param {object} page
   * @param {() => State} page.state
   * @param {() => Cursor|null} page.at  where the cursor is, else the marked pixel
   * @param {() => number|null} page.pointerX  in the window, while the pointer is on a picture
   * @param {() => Size|null} page.photo
   * @param {() => Part} page.part
   * @param {Peek} page.peek
   */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    const again = () => this.schedule();
    this.#contents = {
      table: [new ValuesTable()],
      profile: [new ProfileChart(again), new BandsTable(again)],
    };
    const button = (/** @type {string} */ action, /** @type {string} */ words) =>
      h("button", { type: "button", dataset: { action } }, words);
    const kinds = h("div", { class: "segments", role: "group", "aria-label": "What is read" });
    kinds.append(button("values", "Values"), button("profile", "Bands and profile"));
    const close = h(
      "button",
      {
        class: "button square",
        type: "button",
        "aria-label": "Close this panel",
        dataset: { action: "close-probe" },
      },
      "×",
    );
    this.#body.addEventListener("pointerover", ({ target }) => this.#single(target));
    root.replaceChildren(h("header", {}, kinds, this.#where, close), this.#body);
  }

  /** Show what is so at the next repaint. */
  schedule() {
    this.#scheduled ||= requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#show(this.page.state());
    });
  }

  /** @param {State} state */
  #show(state) {
    const { panel } = state.view;
    const photo = this.page.photo();
    const isOpen = panel !== "none" && photo !== null && currentFrame(state) !== null;
    this.root.hidden = !isOpen;
    if (!isOpen) this.#open = "none";
    if (panel === "none" || !photo || !isOpen) return;
    if (this.#open !== panel) this.#begin(panel);
    this.#last = this.page.at() ?? this.#last;
    const at = this.#last;
    /** @type {[number, number]} */
    const pixel = [Math.floor(at.u * photo.width), Math.floor(at.v * photo.height)];
    setText(this.#where, `x ${pixel[0]}  y ${pixel[1]}`);
    const scene = { at, pixel, photo, part: this.page.part(), peek: this.page.peek };
    for (const content of this.#contents[panel]) content.show(state, scene);
  }

  /** Methods of a family share a colour: the line of the row under the pointer stands out. @param {EventTarget|null} under */
  #single(under) {
    const row = under instanceof Element ? under.closest("tr") : null;
    for (const line of this.#body.querySelectorAll("path"))
      line.classList.toggle("single", line.dataset.profile === row?.dataset.band);
  }

  /** @param {"table"|"profile"} panel */
  #begin(panel) {
    if (this.#open === "none")
      this.root.dataset.side = (this.page.pointerX() ?? 0) > innerWidth / 2 ? "left" : "right";
    this.#open = panel;
    this.root.dataset.panel = panel;
    for (const button of this.root.querySelectorAll("[data-action=values], [data-action=profile]"))
      button.setAttribute(
        "aria-pressed",
        String(button.matches("[data-action=values]") === (panel === "table")),
      );
    this.#body.replaceChildren(...this.#contents[panel].flatMap((content) => content.parts));
  }
}
