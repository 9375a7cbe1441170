/**
 * One pane: label, stage, reading. It shows the content it is given and keeps the last picture
 * until the next one is complete, so that nothing flickers or jumps.
 *
 * @import { DepthPicture, Method, Photo } from "../state/types.js"
 * @import { Content, Shown } from "./content.js"
 * @import { Cursor } from "./stage.js"
 */
import { depthWords } from "../modes/words.js";
import { depthAt } from "../paint/depth.js";
import { clear } from "../paint/painter.js";
import { PHOTO } from "../sources/wishes.js";
import { hasShapeOf } from "../state/window.js";
import { h, setHidden, setText, setTitle } from "./dom.js";
import { colourOf } from "./names.js";
import { paneParts } from "./pane-parts.js";

export class Pane {
  /** @type {Shown|null} what the canvas shows */
  #shown = null;
  /** @type {string} what the canvas was painted from, to paint only what changed */
  #painted = "";
  /** @type {number|null} what the pane says at the cursor, in the unit of its mode's bar */
  reading = null;
  /** The canvas shows something else than the page asks for, until that is loaded. */
  #stale = false;
  /** @type {[string, string]} */
  #notes = ["", ""];

  /**
   * @param {Method|null} method  null = the colour photo
   * @param {number} number  key of the difference, from 1
   * @param {string} [short]  the label without what the other labels have, too
   */
  constructor(method, number, short) {
    this.method = method;
    this.id = method?.id ?? PHOTO;
    this.label = method?.label ?? "Photo";
    this.short = short ?? this.label;
    this.parts = paneParts(method, { label: this.label, short: this.short }, number);
    this.stage = this.parts.stage;
    this.canvas = this.stage.canvas;
    const dataset = {
      pane: "",
      method: this.id,
      ...colourOf(method ?? { family: "photo" }),
      frame: "",
      mode: "loading",
    };
    this.element = h("figure", { class: "pane", dataset }, this.parts.caption, this.stage.element);
  }

  /** Whether the label of another pane lies beside its own, as in a split. */
  sharesLabel() {
    const { place } = this.element.dataset;
    return place === "over" || (place === "large" && document.documentElement.dataset.layout === "split");
  }

  /** What the pane shows; null while it is blank, or shows what is no longer asked for. */
  get shown() {
    return this.#stale ? null : this.#shown;
  }

  /**
   * @param {Content} content
   * @param {{frameId: string, title: string, progress: string|null, photo: Photo|null, isReference: boolean, role: string}} about
   */
  show(content, { frameId, title, progress, photo, isReference, role }) {
    const { chip, tag, message, retry } = this.parts;
    const { dataset } = this.element;
    chip.setAttribute("aria-pressed", String(isReference));
    dataset.reference = String(isReference);
    setText(tag, role);
    this.#wait(content.status === "loading");
    setHidden(retry, !(content.status === "error" && content.retry));
    if (content.status === "error") dataset.error = content.message;
    else delete dataset.error;
    if (content.status === "loading") {
      setText(message, progress ?? "Loading");
      this.element.setAttribute("aria-label", `${this.label}, ${title}, loading`);
      return;
    }
    dataset.frame = frameId;
    dataset.mode = content.status === "shown" ? content.mode.hook : "error";
    dataset.unit = content.status === "shown" ? content.given.pictures[0].unit : "";
    setText(message, content.status === "error" ? content.message : "");
    const words = content.status === "shown" ? content.mode.words : "no picture";
    this.element.setAttribute("aria-label", `${this.label}, ${title}, ${words}`);
    if (content.status === "shown") this.#paint(content, frameId);
    else this.#blank();
    this.#saySize();
    this.stage.details.lay(photo);
  }

  /** Nothing may be read from an old picture, nor its notes stand beside a new title. @param {boolean} busy */
  #wait(busy) {
    this.#stale = busy && this.#shown !== null;
    const { dataset } = this.element;
    dataset.busy = String(busy);
    if (this.#stale) dataset.stale = "true";
    else delete dataset.stale;
    this.#note(busy ? ["", ""] : this.#notes);
  }

  /** @param {Shown} content @param {string} frameId */
  #paint(content, frameId) {
    const { mode, given } = content;
    const signature = JSON.stringify([frameId, mode.name, given.look]);
    const before = this.#shown?.given.pictures ?? [];
    const same =
      before.length === given.pictures.length && before.every((old, i) => old === given.pictures[i]);
    this.#shown = content;
    if (same && signature === this.#painted) return;
    this.#painted = signature;
    this.#notes = mode.paint(this.canvas, given);
    this.#note(this.#notes);
    this.stage.details.show(content);
    this.stage.place();
  }

  #blank() {
    this.#shown = null;
    this.#painted = "";
    clear(this.canvas);
    this.stage.details.show(null);
    this.stage.place();
    this.#notes = ["", ""];
    this.#note(this.#notes);
  }

  /** A picture of another shape than the photo can't show the same places at the same pixels. */
  #saySize() {
    const { shape } = this.parts;
    const { photo, canvas } = this.stage;
    const [own, others] = [canvas, photo].map(({ width, height }) => `${width} × ${height}`);
    const fits = this.#shown === null || hasShapeOf(photo, canvas);
    setText(shape, fits ? "" : `${own}: not aligned`);
    shape.title = fits
      ? ""
      : `This picture is ${own}, another shape than the photo, which is ${others}. It is fitted into the photo's place, so it may show other places there than the photo does.`;
  }

  /** Two notes beside the label. @param {[string, string]} notes */
  #note([main, more]) {
    const { mean, note } = this.parts;
    setText(mean, main);
    setText(note, more);
    for (const element of [mean, note]) setTitle(element, [main, more].join(" · "));
  }

  /** Show another pane's picture in this place, and say so; null shows its own again. @param {Pane|null} other */
  flip(other) {
    this.stage.flip(other?.canvas ?? null);
    if (other) this.element.dataset.flip = other.label;
    else delete this.element.dataset.flip;
  }

  /** Show the crosshair and the reading; null takes both away. @param {Cursor|null} cursor */
  point(cursor) {
    this.stage.point(this.shown ? cursor : null);
    const reading = cursor && this.#read(cursor);
    this.reading = reading?.metres ?? null;
    if (typeof reading?.metres === "number") this.element.dataset.cursorM = String(reading.metres);
    else delete this.element.dataset.cursorM;
    setText(this.parts.value, reading?.text ?? "");
  }

  /** @param {Cursor} cursor */
  #read(cursor) {
    const pixel = this.shown && this.stage.pixelUnder(cursor);
    if (!this.shown || !pixel) return null;
    const [x, y] = this.stage.details.readAt(pixel);
    return this.shown.mode.read(this.shown.given, x, y);
  }

  /** Label, depth and what the mode reads at a place, in words; null where there is nothing to read. @param {Cursor} at */
  words(at) {
    const text = this.#read(at)?.text;
    if (!text) return null;
    const depth = this.depthAt(at);
    const metres = depth === null ? "" : depthWords(depth, this.method);
    return `${this.label} ${metres && !text.startsWith(metres) ? `${metres}, ${text}` : text}`;
  }

  /** The pane's own depth, whatever the mode; null when it has none. */
  depthPicture() {
    const picture = this.shown?.given.pictures[0];
    return picture?.unit === "m" ? /** @type {DepthPicture} */ (picture) : null;
  }

  /** Depth at a place, in metres, whatever the mode; null when the pane's own picture has none. @param {Cursor} at */
  depthAt(at) {
    const picture = this.depthPicture();
    const pixel = picture && this.stage.pixelUnder(at);
    if (!pixel) return null;
    const depth = depthAt(picture, ...this.stage.details.readAt(pixel));
    return Number.isNaN(depth) ? null : depth;
  }
}
