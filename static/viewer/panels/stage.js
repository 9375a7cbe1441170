/**
 * The part of a pane that holds its picture, and where the picture lies in it.
 *
 *     div.stage > div.ground            the hatch that "no data" shows, under the picture only
 *                 div.viewport          the picture at its own resolution; zoom is a transform of this element
 *                   canvas[data-layer=depth]    what the mode paints
 *                 canvas[data-layer=dots|numbers]   see details.js; these and what follows in pixels of the screen
 *                 .cross .pin .pane-veil
 *
 * @import { Placement, Size, Window } from "../state/window.js"
 *
 * @typedef {{u: number, v: number}} Cursor  Place in the picture as fractions of its width and height.
 */
import { pixelAt, placedWithin, placement, showsSquares } from "../state/window.js";
import { Details } from "./details.js";
import { h } from "./dom.js";

export class Stage {
  /** @type {Size} in CSS pixels */
  room = { width: 0, height: 0 };
  /** @type {Placement|null} where the picture lies; null while the stage has no room */
  #place = null;
  /** @type {Cursor|null} */
  #cursor = null;
  /** @type {Cursor|null} */
  #marked = null;
  /** @type {Window} */
  #window = { zoom: "fit", at: null };
  /** @type {Size|null} */
  #photo = null;
  canvas = h("canvas", { width: 1, height: 1, dataset: { layer: "depth" } });
  details = new Details(this.canvas);
  #viewport = h("div", { class: "viewport" }, this.canvas);
  #ground = h("div", { class: "ground" });
  #cross = h("div", { class: "cross", hidden: true }, h("i"), h("b"));
  #pin = h("div", { class: "pin", hidden: true });

  /** @param {HTMLElement} veil  what can lie over the picture */
  constructor(veil) {
    const { dots, numbers } = this.details;
    const layers = [this.#ground, this.#viewport, dots, numbers, this.#cross, this.#pin, veil];
    this.element = h("div", { class: "stage" }, ...layers);
  }

  /** @param {Size} room */
  resize(room) {
    this.room = room;
    this.place();
  }

  /** Show this part of the picture. @param {Window} window @param {Size|null} photo  Size of the upright photo. */
  look(window, photo) {
    this.#window = window;
    this.#photo = photo;
    this.place();
  }

  /** Put the picture in its place, also after its size changed. */
  place() {
    const photo = this.#photo ?? this.canvas;
    const { room, canvas } = this;
    this.#place =
      room.width && room.height ? placedWithin(placement(this.#window, photo, room), photo, canvas) : null;
    if (!this.#place) return;
    const { left, top, scale } = this.#place;
    this.#viewport.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.#viewport.dataset.squares = String(showsSquares(this.#place));
    const inside = (/** @type {number} */ value, /** @type {number} */ end) =>
      Math.max(0, Math.min(value, end));
    const x = [inside(left, room.width), inside(left + canvas.width * scale, room.width)];
    const y = [inside(top, room.height), inside(top + canvas.height * scale, room.height)];
    this.#ground.style.inset = `${y[0]}px ${room.width - x[1]}px ${room.height - y[1]}px ${x[0]}px`;
    this.details.place(this.#place, room);
    this.#put(this.#cross, this.#cursor);
    this.#put(this.#pin, this.#marked);
  }

  /** The middle of the pixel at a point of the screen; null beside the picture. @param {{clientX: number, clientY: number}} point @returns {Cursor|null} */
  cursorAt({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    const pixel = this.#place && pixelAt(this.#place, this.canvas, [clientX - left, clientY - top]);
    const { width, height } = this.canvas;
    return pixel && { u: (pixel[0] + 0.5) / width, v: (pixel[1] + 0.5) / height };
  }

  /** The crosshair. @param {Cursor|null} cursor */
  point(cursor) {
    this.#cursor = cursor;
    this.#put(this.#cross, cursor);
  }

  /** The mark of the pixel that the distributions belong to. @param {Cursor|null} at */
  mark(at) {
    this.#marked = at;
    this.#put(this.#pin, at);
  }

  /** @param {HTMLElement} element @param {Cursor|null} at */
  #put(element, at) {
    element.hidden = at === null || this.#place === null;
    if (!at || !this.#place) return;
    const { left, top, scale } = this.#place;
    element.style.setProperty("--x", `${left + at.u * this.canvas.width * scale}px`);
    element.style.setProperty("--y", `${top + at.v * this.canvas.height * scale}px`);
  }
}
