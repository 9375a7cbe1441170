/**
 * What lies over a picture at the screen's resolution: sparse depth as dots, and numbers inside the pixels.
 *
 * @import { Given, Mode } from "../modes/mode.js"
 * @import { Points } from "../paint/dots.js"
 * @import { Placement, Size } from "../state/window.js"
 */
import { needsDots, paintDots, pointsOf } from "../paint/dots.js";
import { paintNumbers, typeSize } from "../paint/numbers.js";
import { isSparse } from "../paint/sparse.js";
import { visiblePixels } from "../state/window.js";
import { h } from "./dom.js";

export class Details {
  dots = h("canvas", { hidden: true, dataset: { layer: "dots" } });
  numbers = h("canvas", { hidden: true, dataset: { layer: "numbers" } });
  /** @type {Points|null} */
  #points = null;
  /** @type {((x: number, y: number, rgb: number[]) => string[])|null} */
  #lines = null;

  /** @param {HTMLCanvasElement} layer  holds what the mode painted */
  constructor(layer) {
    this.layer = layer;
  }

  /**
   * What was painted; null when nothing was.
   * @param {{mode: Mode<any, any>, given: Given<any, any>}|null} shown
   */
  show(shown) {
    this.#points = shown?.given.pictures.some(isSparse) ? this.#pointsOfLayer() : null;
    const { inside } = shown?.mode ?? {};
    this.#lines = shown && inside ? (x, y, rgb) => inside(shown.given, x, y, rgb) : null;
  }

  /** @returns {Points|null} */
  #pointsOfLayer() {
    const { width, height } = this.layer;
    const pixels = this.layer.getContext("2d")?.getImageData(0, 0, width, height);
    return pixels ? pointsOf(pixels) : null;
  }

  /** Draw for a picture that lies there in a stage of this size. @param {Placement} place @param {Size} room */
  place(place, room) {
    const ratio = devicePixelRatio;
    const dotted = this.#points !== null && needsDots(place.scale);
    this.dots.hidden = !dotted;
    if (this.#points && dotted) paintDots(sized(this.dots, room, ratio), this.#points, { ...place, ratio });
    const hasRoom = this.#lines !== null && typeSize(place.scale, 1, 1) > 0;
    this.numbers.hidden = !hasRoom;
    if (!this.#lines || !hasRoom) return;
    const placed = { ...place, ...visiblePixels(place, this.layer, room), ratio };
    paintNumbers(sized(this.numbers, room, ratio), placed, this.layer, this.#lines);
  }
}

/** @param {HTMLCanvasElement} canvas @param {Size} room @param {number} ratio */
function sized(canvas, room, ratio) {
  const [width, height] = [room.width, room.height].map((side) => Math.max(1, Math.round(side * ratio)));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return canvas;
}
