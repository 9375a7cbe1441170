/**
 * The part of a pane that holds its picture, and where the picture lies in it.
 *
 *     div.stage > div.ground            the hatch that "no data" shows, under the picture only
 *                 div.viewport          the picture at its own resolution; zoom is a transform of this element
 *                   canvas[data-layer=photo]    below sparse depth
 *                   canvas[data-layer=depth]    what the mode paints
 *                 canvas[data-layer=dots|numbers]   see details.js; these and what follows in pixels of the screen
 *                 .outline .cross .pin .pane-veil
 *
 * @import { Box } from "../paint/boxes.js"
 * @import { Placement, Point, Size, Spot, Window } from "../state/window.js"
 *
 * @typedef {Spot} Cursor  The place in the photo that all panes read.
 */
import {
  draggedBy,
  fitScale,
  pixelAt,
  pixelUnder,
  placedWithin,
  placeInPhoto,
  placement,
  showsSquares,
  spotOf,
  zoomedTo,
} from "../state/window.js";
import { Details } from "./details.js";
import { h, setHidden } from "./dom.js";

/** @type {Window} */
const FITTED = Object.freeze({ zoom: "fit", at: null });

export class Stage {
  /** @type {Size} in CSS pixels */
  room = { width: 0, height: 0 };
  /** @type {Placement|null} where the picture lies; null while the stage has no room */
  #place = null;
  /** @type {Placement|null} where the photo would lie */
  #photoPlace = null;
  /** @type {Cursor|null} */
  #cursor = null;
  /** @type {Cursor|null} */
  #marked = null;
  /** @type {Window} */
  #window = { zoom: "fit", at: null };
  /** @type {Size|null} */
  #photo = null;
  #share = 1;
  /** @type {Size|null} the room that the picture was placed in last */
  #placedIn = null;
  canvas = h("canvas", { width: 1, height: 1, dataset: { layer: "depth" } });
  details = new Details(this.canvas);
  #viewport = h("div", { class: "viewport" }, this.details.photo, this.canvas);
  /** @type {HTMLCanvasElement|null} the picture of another pane, while both are compared by flipping */
  #flipped = null;
  #ground = h("div", { class: "ground" });
  #outline = h("div", { class: "outline", hidden: true });
  /** @type {Box|null} shares of the photo, or of the picture where it is a crop */
  #box = null;
  #cross = h("div", { class: "cross", hidden: true }, h("i"), h("b"));
  #pin = h("div", { class: "pin", hidden: true });

  /** @param {HTMLElement} veil  what can lie over the picture */
  constructor(veil) {
    const { dots, numbers } = this.details;
    const layers = [this.#ground, this.#viewport, dots, numbers, this.#outline, this.#cross, this.#pin, veil];
    this.element = h("div", { class: "stage" }, ...layers);
  }

  /**
   * Show this part of the picture.
   * @param {Window} window @param {Size|null} photo  Size of the upright photo.
   * @param {number} share  Width of this stage over that of the main one, which has the scale of the window.
   */
  look({ zoom, at }, photo, share) {
    const same =
      zoom === this.#window.zoom &&
      at === this.#window.at &&
      photo?.width === this.#photo?.width &&
      photo?.height === this.#photo?.height &&
      share === this.#share &&
      this.room === this.#placedIn;
    this.#window = { zoom, at };
    this.#photo = photo;
    this.#share = share;
    if (!same) this.place();
  }

  /** Size of the upright photo; of the picture itself where there is none. @returns {Size} */
  get photo() {
    return this.#photo ?? { width: this.canvas.width, height: this.canvas.height };
  }

  /** The pixel of the picture at a place of the photo; null beside the picture. @param {Cursor} at */
  pixelUnder(at) {
    return pixelUnder(at, this.photo, this.canvas);
  }

  /** The window and sizes in units of the main stage. */
  #geometry() {
    const { photo } = this;
    const room = { width: this.room.width / this.#share, height: this.room.height / this.#share };
    return { photo, room, place: placement(this.#window, photo, room) };
  }

  /** Put the picture in its place, also after its size changed. */
  place() {
    const { room, canvas } = this;
    this.#placedIn = room;
    this.#place = this.#photoPlace = null;
    if (!room.width || !room.height) return;
    const { photo, place } = this.#geometry();
    const share = this.#share;
    const ofPhoto = { left: place.left * share, top: place.top * share, scale: place.scale * share };
    this.#photoPlace = ofPhoto;
    this.#place = placedWithin(ofPhoto, photo, canvas);
    const { left, top, scale } = this.#place;
    this.#viewport.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.#viewport.dataset.squares = String(showsSquares(this.#place));
    const inside = (/** @type {number} */ value, /** @type {number} */ end) =>
      Math.max(0, Math.min(value, end));
    const x = [inside(left, room.width), inside(left + canvas.width * scale, room.width)];
    const y = [inside(top, room.height), inside(top + canvas.height * scale, room.height)];
    this.#ground.style.inset = `${y[0]}px ${room.width - x[1]}px ${room.height - y[1]}px ${x[0]}px`;
    this.details.place(this.#place, room);
    this.#putOutline();
    this.#put(this.#cross, this.#cursor);
    this.#put(this.#pin, this.#marked);
  }

  /** Lay another picture over this one; null takes it away. @param {HTMLCanvasElement|null} picture */
  flip(picture) {
    this.#flipped?.remove();
    this.#flipped = picture && h("canvas", { width: picture.width, height: picture.height });
    if (!picture || !this.#flipped) return;
    this.#flipped.dataset.layer = "flip";
    this.#flipped.getContext("2d")?.drawImage(picture, 0, 0);
    const [own, other] = [this.canvas, picture].map((each) => placeInPhoto(this.photo, each));
    Object.assign(this.#flipped.style, {
      left: `${(other.left - own.left) / own.scale}px`,
      top: `${(other.top - own.top) / own.scale}px`,
      width: `${(picture.width * other.scale) / own.scale}px`,
      height: `${(picture.height * other.scale) / own.scale}px`,
    });
    this.#viewport.append(this.#flipped);
  }

  /** The middle of the pixel at a point of the screen; null beside the picture. @param {{clientX: number, clientY: number}} point @returns {Cursor|null} */
  cursorAt({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    const pixel = this.#place && pixelAt(this.#place, this.canvas, [clientX - left, clientY - top]);
    return pixel && spotOf(pixel, this.photo, this.canvas);
  }

  /** The place in the photo at a point of the screen, or the nearest one; null without a picture. @param {{clientX: number, clientY: number}} point @returns {Cursor|null} */
  nearestTo({ clientX, clientY }) {
    if (!this.#photoPlace) return null;
    const { left, top } = this.element.getBoundingClientRect();
    const { left: x, top: y, scale } = this.#photoPlace;
    const share = (/** @type {number} */ from, /** @type {number} */ size) =>
      Math.max(0, Math.min(1, from / (size * scale)));
    return {
      u: share(clientX - left - x, this.photo.width),
      v: share(clientY - top - y, this.photo.height),
    };
  }

  /**
   * The window after zooming about a point of the screen, or about the middle.
   * @param {(scale: number, fit: number) => number} next  from the scale now, and that of the whole picture
   * @param {{clientX: number, clientY: number}|null} about
   */
  zoomed(next, about) {
    const { photo, room, place } = this.#geometry();
    const { left, top } = this.element.getBoundingClientRect();
    /** @type {Point} */
    const point = about
      ? [(about.clientX - left) / this.#share, (about.clientY - top) / this.#share]
      : [room.width / 2, room.height / 2];
    return zoomedTo(place, next(place.scale, fitScale(photo, room)), point, photo, room);
  }

  /** The window after dragging the picture by pixels of the screen. @param {number} dx @param {number} dy */
  dragged(dx, dy) {
    if (this.#window.zoom === "fit") return FITTED;
    const { photo, room, place } = this.#geometry();
    return draggedBy(place, [dx / this.#share, dy / this.#share], photo, room);
  }

  /** The window with another place in the middle. @param {Cursor} at */
  centred({ u, v }) {
    const { photo, room } = this.#geometry();
    const at = /** @type {Point} */ ([u * photo.width, v * photo.height]);
    return draggedBy(placement({ ...this.#window, at }, photo, room), [0, 0], photo, room);
  }

  /** Screen pixels per pixel of this picture. */
  scale() {
    return this.#place?.scale ?? 1;
  }

  /** What part of the photo is in sight, as fractions. */
  sight() {
    const { photo, room, place } = this.#geometry();
    const part = (/** @type {number} */ corner, /** @type {number} */ size, /** @type {number} */ space) => {
      const from = Math.max(0, -corner / (size * place.scale));
      return { from, size: Math.min(1, space / (size * place.scale)) };
    };
    return { x: part(place.left, photo.width, room.width), y: part(place.top, photo.height, room.height) };
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

  /** The edge of the pixels that count. @param {Box|null} box  shares; null: all @param {string} kind  "own": of the photo; else a crop of the picture */
  outline(box, kind) {
    this.#box = box;
    this.#outline.dataset.box = kind;
    this.#putOutline();
  }

  #putOutline() {
    const { style } = this.#outline;
    setHidden(this.#outline, this.#box === null || this.#place === null);
    const isOwn = this.#outline.dataset.box === "own";
    const [place, size] = isOwn ? [this.#photoPlace, this.photo] : [this.#place, this.canvas];
    if (!this.#box || !place) return;
    const { left, top, scale } = place;
    const [width, height] = [size.width * scale, size.height * scale];
    style.left = `${left + this.#box.left * width}px`;
    style.top = `${top + this.#box.top * height}px`;
    style.width = `${this.#box.width * width}px`;
    style.height = `${this.#box.height * height}px`;
  }

  /** @param {HTMLElement} element @param {Cursor|null} at */
  #put(element, at) {
    setHidden(element, at === null || this.#photoPlace === null);
    if (!at || !this.#photoPlace) return;
    const { left, top, scale } = this.#photoPlace;
    element.style.setProperty("--x", `${left + at.u * this.photo.width * scale}px`);
    element.style.setProperty("--y", `${top + at.v * this.photo.height * scale}px`);
  }
}
