/**
 * One pane: label, canvas, crosshair, reading. It shows the content it is given and keeps the last picture
 * until the next one is complete, so that nothing flickers or jumps.
 *
 * @import { Method } from "./types.js"
 * @import { Content } from "./scene.js"
 */
import { colorDifference, colorStatistics, depthAt, depthDifference } from "./depth.js";
import { h, setText } from "./dom.js";
import * as painter from "./painter.js";

/** @typedef {{u: number, v: number}} Cursor  Place in the picture as fractions of its width and height. */

export class Pane {
  /** @type {Content|null} what the canvas shows */
  #content = null;
  /** @type {string} of what the canvas shows, to paint only what changed */
  #painted = "";

  /** @param {Method|null} method  null = the colour photo @param {number} number  key of the difference, from 1 */
  constructor(method, number) {
    this.method = method;
    const label = method?.label ?? "Photo";
    this.label = label;
    this.chip = h("button", {
      class: "chip",
      type: "button",
      hidden: method === null,
      dataset: { action: "toggle-diff" },
    });
    this.number = number;
    const title = `${method?.model ?? label}: save this picture`;
    this.name = h(
      "button",
      { class: "pane-name", type: "button", title, dataset: { action: "download" } },
      label,
    );
    this.tag = h("span", { class: "pane-note" });
    this.mean = h("span", { class: "pane-mean" });
    this.note = h("span", { class: "pane-note" });
    this.value = h("output", { class: "pane-value" });
    this.canvas = h("canvas", { width: 1, height: 1 });
    this.cross = h("div", { class: "cross", hidden: true }, h("i"), h("b"));
    this.pin = h("div", { class: "pin", hidden: true });
    this.message = h("p", { class: "pane-message", role: "status" });
    this.retry = h(
      "button",
      { class: "quiet", type: "button", hidden: true, dataset: { action: "retry" } },
      "Try again",
    );
    this.stage = h(
      "div",
      { class: "stage" },
      this.canvas,
      this.cross,
      this.pin,
      h("div", { class: "pane-veil" }, this.message, this.retry),
    );
    this.element = h(
      "figure",
      {
        class: "pane",
        dataset: {
          pane: "",
          method: method?.id ?? "image",
          family: method?.family ?? "photo",
          frame: "",
          mode: "loading",
        },
      },
      h("figcaption", {}, this.chip, this.name, this.tag, this.mean, this.note, this.value),
      this.stage,
    );
  }

  /** Number of the pane's key; above 9 there is no key. @param {number} number */
  set number(number) {
    this.chip.dataset.target = String(number);
    setText(this.chip, number <= 9 ? String(number) : "·");
    const key = number <= 9 ? ` (key ${number})` : "";
    this.chip.title = `Difference to ${this.label}${key}`;
    this.chip.setAttribute("aria-label", this.chip.title);
    if (number <= 9) this.chip.setAttribute("aria-keyshortcuts", String(number));
  }

  /**
   * @param {Content} content
   * @param {{frameId: string, title: string, aspect: number, progress: string|null, isReference: boolean}} about
   */
  show(content, { frameId, title, aspect, progress, isReference }) {
    const { dataset } = this.element;
    this.stage.style.setProperty("--aspect", String(aspect));
    this.chip.setAttribute("aria-pressed", String(isReference));
    dataset.reference = String(isReference);
    setText(this.tag, isReference ? "reference a" : "");
    dataset.busy = String(content.mode === "loading");
    if (content.mode === "loading") {
      delete dataset.error;
      this.retry.hidden = true;
      return setText(this.message, progress ?? "");
    }
    dataset.frame = frameId;
    dataset.mode = content.mode === "rgb-diff" ? "diff" : content.mode;
    dataset.unit = "picture" in content ? content.picture.unit : "";
    this.retry.hidden = !(content.mode === "error" && content.retry);
    if (content.mode === "error") dataset.error = content.message;
    else delete dataset.error;
    setText(this.message, content.mode === "error" ? content.message : "");
    this.element.setAttribute("aria-label", `${this.label}, ${title}, ${MODE_WORDS[content.mode]}`);
    this.#paint(content, frameId);
  }

  /** @param {Exclude<Content, {mode: "loading"}>} content @param {string} frameId */
  #paint(content, frameId) {
    const signature = JSON.stringify([frameId, content.mode, "scale" in content && content.scale]);
    const pictures = (/** @type {Content|null} */ c) =>
      c && "picture" in c && [c.picture, "reference" in c ? c.reference : null];
    const [now, before] = [pictures(content), pictures(this.#content)];
    const same = now && before && now[0] === before[0] && now[1] === before[1];
    this.#content = content;
    if (same && signature === this.#painted) return;
    this.#painted = signature;
    const [main, more] = this.#draw(content);
    setText(this.mean, main);
    setText(this.note, more);
    this.mean.title = this.note.title = [main, more].join(" · ");
  }

  /** Draws, and returns two notes for beside the label. @param {Exclude<Content, {mode: "loading"}>} content */
  #draw(content) {
    switch (content.mode) {
      case "error":
        painter.clear(this.canvas);
        return ["", ""];
      case "image":
        painter.paintPhoto(this.canvas, content.picture);
        return ["", ""];
      case "rgb":
        painter.paintColors(this.canvas, content.picture);
        return ["", "colours only"];
      case "depth":
        painter.paintDepth(this.canvas, content.picture, content.scale);
        return ["", ""];
      case "diff": {
        const { values, statistics: s } = depthDifference(content.reference, content.picture, content.signed);
        painter.paintDifference(this.canvas, values, content.picture, content.scale);
        return s
          ? [`mean ${metres(s.mean)} m`, `min ${metres(s.min)}, max ${metres(s.max)}`]
          : ["no pixel in common", ""];
      }
      case "rgb-diff": {
        const difference = colorDifference(content.reference, content.picture);
        painter.paintColors(this.canvas, difference);
        const s = colorStatistics(difference);
        return [`mean |ΔRGB| ${s.mean.toFixed(1)}`, `min ${s.min}, max ${s.max}`];
      }
    }
  }

  /** Pixel of this pane's picture under a cursor. @param {Cursor} cursor */
  pixelAt({ u, v }) {
    const { width, height } = this.canvas;
    return { x: Math.min(width - 1, Math.floor(u * width)), y: Math.min(height - 1, Math.floor(v * height)) };
  }

  /** Show the crosshair and the reading; null takes both away. @param {Cursor|null} cursor */
  point(cursor) {
    this.cross.hidden = cursor === null;
    const content = this.#content;
    if (cursor === null || !content || !("picture" in content)) {
      delete this.element.dataset.cursorM;
      return setText(this.value, "");
    }
    this.cross.style.setProperty("--u", `${100 * cursor.u}%`);
    this.cross.style.setProperty("--v", `${100 * cursor.v}%`);
    const { x, y } = this.pixelAt(cursor);
    const reading = this.#read(content, x, y);
    if (reading.metres === null) delete this.element.dataset.cursorM;
    else this.element.dataset.cursorM = String(reading.metres);
    setText(this.value, reading.text);
  }

  /**
   * What the shown picture says at a pixel: metres for scripts (NaN = no data, null = not in metres) and words.
   * @param {Extract<Content, {picture: any}>} content @param {number} x @param {number} y
   */
  #read(content, x, y) {
    switch (content.mode) {
      case "image":
        return { metres: null, text: `${x}, ${y}` };
      case "rgb":
      case "rgb-diff": {
        const { data } = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d")).getImageData(
          x,
          y,
          1,
          1,
        );
        return {
          metres: null,
          text: `${content.mode === "rgb" ? "" : "Δ "}${data[0]} ${data[1]} ${data[2]}`,
        };
      }
      case "depth": {
        const depth = depthAt(content.picture, x, y);
        return { metres: depth, text: this.#depthWords(depth) };
      }
      case "diff": {
        const delta = depthAt(content.picture, x, y) - depthAt(content.reference, x, y);
        const value = content.signed ? delta : Math.abs(delta);
        const sign = content.signed && delta > 0 ? "+" : "";
        return { metres: value, text: Number.isNaN(value) ? "no data" : `Δ ${sign}${metres(value)} m` };
      }
    }
  }

  /** @param {number} depth metres */
  #depthWords(depth) {
    if (Number.isNaN(depth)) return "no data";
    const { saturated_m = null, precision_m = null } = this.method ?? {};
    if (saturated_m !== null && depth >= saturated_m) return `≥ ${saturated_m.toFixed(1)} m`;
    const coarse = precision_m !== null && precision_m >= 0.05;
    return coarse ? `${depth.toFixed(1)} ±${precision_m.toFixed(2)} m` : `${metres(depth)} m`;
  }

  /** Mark the pixel whose distributions are on show. @param {Cursor|null} at */
  mark(at) {
    this.pin.hidden = at === null;
    if (!at) return;
    this.pin.style.setProperty("--u", `${100 * at.u}%`);
    this.pin.style.setProperty("--v", `${100 * at.v}%`);
  }

  /** Depth at a place, in metres, whatever the pane shows; null when it has none. @param {Cursor} at */
  depthAt(at) {
    const content = this.#content;
    if (!content || !("picture" in content) || content.picture.unit !== "m") return null;
    const { x, y } = this.pixelAt(at);
    const depth = depthAt(content.picture, x, y);
    return Number.isNaN(depth) ? null : depth;
  }
}

const MODE_WORDS = Object.freeze({
  image: "colour photo",
  depth: "depth",
  rgb: "colours, not in metres",
  diff: "difference in metres",
  "rgb-diff": "difference of colours",
  error: "no picture",
});

/** @param {number} value */
const metres = (value) => (Object.is(value, -0) ? 0 : value).toFixed(2).replace("-", "−");
