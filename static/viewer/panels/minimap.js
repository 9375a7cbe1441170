/**
 * A small picture of the whole frame while the panes show a part of it: where that part is, and a way to move it.
 *
 * @import { Cursor, Stage } from "./stage.js"
 */
import { placeInPhoto } from "../state/window.js";
import { h } from "./dom.js";

/** Largest side in pixels of the canvas. */
const DETAIL = 320;

export class Minimap {
  #canvas = h("canvas", { width: 1, height: 1 });
  #frame = h("i");
  #element = h("div", { class: "minimap", "aria-hidden": "true" }, this.#canvas, this.#frame);
  /** @type {Stage|null} */
  #stage = null;

  /** @param {(stage: Stage, at: Cursor) => void} onMove */
  constructor(onMove) {
    const move = (/** @type {PointerEvent} */ event) => {
      const { left, top, width, height } = this.#element.getBoundingClientRect();
      if (this.#stage)
        onMove(this.#stage, { u: (event.clientX - left) / width, v: (event.clientY - top) / height });
    };
    this.#element.addEventListener("pointerdown", (event) => {
      this.#element.setPointerCapture(event.pointerId);
      move(event);
    });
    this.#element.addEventListener("pointermove", (event) => {
      if (this.#element.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  /** Lie over a stage; null takes it away. @param {Stage|null} stage @param {{redraw: boolean}} how */
  show(stage, { redraw }) {
    const moved = stage !== this.#stage;
    this.#stage = stage;
    if (!stage) return this.#element.remove();
    if (moved || !this.#element.isConnected) stage.element.append(this.#element);
    if (moved || redraw) this.#draw(stage);
    const { x, y } = stage.sight();
    const percent = (/** @type {number} */ share) => `${100 * share}%`;
    Object.assign(this.#frame.style, {
      left: percent(x.from),
      top: percent(y.from),
      width: percent(x.size),
      height: percent(y.size),
    });
  }

  /** The picture in its place in the photo. @param {Stage} stage */
  #draw({ photo, canvas: picture }) {
    const scale = Math.min(1, DETAIL / Math.max(photo.width, photo.height));
    const [width, height] = [photo.width, photo.height].map((side) => Math.ceil(side * scale));
    Object.assign(this.#canvas, { width, height });
    const place = placeInPhoto(photo, picture);
    const [left, top] = [place.left * scale, place.top * scale];
    this.#canvas.getContext("2d")?.drawImage(picture, left, top, width - 2 * left, height - 2 * top);
  }
}
