/**
 * What lies over a picture at the screen's resolution: sparse depth as dots, and numbers inside the pixels.
 *
 * @import { DepthPicture, Photo } from "../state/types.js"
 * @import { Given, Mode } from "../modes/mode.js"
 * @import { Points } from "../paint/dots.js"
 * @import { Placement, Point, Size } from "../state/window.js"
 */
import { dotDiameter, needsDots, paintDots, pointsOf } from "../paint/dots.js";
import { paintNumbers, typeSize } from "../paint/numbers.js";
import { nearestReturn, returnsOf } from "../paint/sparse.js";
import { visiblePixels } from "../state/window.js";
import { h, setHidden } from "./dom.js";

export class Details {
  /** The photo below sparse depth, so that one sees where its few pixels lie. */
  photo = h("canvas", { hidden: true, dataset: { layer: "photo" } });
  /** @type {Photo|null} */
  #photo = null;
  dots = h("canvas", { hidden: true, dataset: { layer: "dots" } });
  numbers = h("canvas", { hidden: true, dataset: { layer: "numbers" } });
  /** @type {DepthPicture|null} what the dots come from */
  #sparse = null;
  /** @type {Points|null} */
  #points = null;
  #scale = 1;
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
    this.#sparse = shown?.given.pictures.find((picture) => returnsOf(picture)) ?? null;
    this.#points = this.#sparse && this.#pointsAt(returnsOf(this.#sparse));
    const { inside } = shown?.mode ?? {};
    this.#lines = shown && inside ? (x, y, rgb) => inside(shown.given, x, y, rgb) : null;
  }

  /** Lay the photo of the frame below, where what was painted is sparse; null: there is none. @param {Photo|null} photo */
  lay(photo) {
    const below = this.#sparse ? photo : null;
    setHidden(this.photo, below === null);
    if (below === this.#photo) return;
    this.#photo = below;
    if (!below) return;
    Object.assign(this.photo, { width: below.width, height: below.height });
    this.photo.getContext("2d")?.drawImage(below.bitmap, 0, 0);
  }

  /** @param {Uint32Array|null} returns @returns {Points|null} */
  #pointsAt(returns) {
    const { width, height } = this.layer;
    const pixels = this.layer.getContext("2d")?.getImageData(0, 0, width, height);
    return pixels && returns ? pointsOf(pixels, returns) : null;
  }

  /** The pixel that is read at a pixel: that of the dot which lies over it. @param {Point} pixel @returns {Point} */
  readAt([x, y]) {
    if (!this.#sparse || this.dots.hidden) return [x, y];
    const reach = dotDiameter(this.#scale) / 2 / this.#scale;
    const found = nearestReturn(this.#sparse, x, y, reach);
    return found ? [found.x, found.y] : [x, y];
  }

  /** Draw for a picture that lies there in a stage of this size. @param {Placement} place @param {Size} room */
  place(place, room) {
    const ratio = devicePixelRatio;
    this.#scale = place.scale;
    const dotted = this.#points !== null && needsDots(place.scale);
    setHidden(this.dots, !dotted);
    if (this.#points && dotted) paintDots(sized(this.dots, room, ratio), this.#points, { ...place, ratio });
    const hasRoom = this.#lines !== null && typeSize(place.scale, 1, 1) > 0;
    setHidden(this.numbers, !hasRoom);
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
