/**
 * The side panel: distributions over depth at one pixel, one row per model, one depth axis for all.
 *
 * @import { Frame, Gallery, Method, State } from "../state/types.js"
 * @import { Source } from "../sources/source.js"
 * @import { PaneReading, Row } from "./distribution-row.js"
 * @import { Axis } from "./dpm-chart.js"
 */
import { askDistribution } from "../sources/distributions.js";
import { isAbort, messageOf } from "../sources/http.js";
import { currentFrame, visibleMethods } from "../state/selectors.js";
import { distributionRow, readingRow } from "./distribution-row.js";
import { h, setText } from "./dom.js";
import { binAt, depthAtX, WIDTH } from "./dpm-chart.js";

/** Each new place asks every model again, so wait until the visitor's hand rests. */
const SETTLE_MS = 160;

const FOOT =
  "Each curve is probability per metre, drawn to its own peak. Solid line: expectation. Outline: the teacher. Dashed line: ground truth. Depth in metres.";
const NO_PHOTO = "There is no photo here to run the models on, so there are only the depths of the panes.";

export class Distributions {
  /** @type {Row[]} */
  #rows = [];
  /** @type {AbortController|null} */
  #asking = null;
  /** @type {{key: string, blob: Promise<Blob>}|null} the photo of the frame on show */
  #photo = null;
  #asked = "";
  #drawn = "";
  /** @type {Axis} of what is drawn */
  #axis = { min: 0, max: 80, spread: "linear" };
  #where = h("span", { class: "dim" });
  #scale = h("button", { class: "button", type: "button", dataset: { action: "axis" } });
  #list = h("div", { class: "curves" });
  #foot = h("p", { class: "dim" });

  /**
   * @param {HTMLElement} root
   * @param {{source: () => Source, readings: () => PaneReading[]}} page
   */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    const close = {
      class: "button square",
      type: "button",
      "aria-label": "Close the distributions",
      dataset: { action: "close-distributions" },
    };
    root.replaceChildren(
      h("header", {}, h("h2", {}, "Distributions"), this.#where, this.#scale, h("button", close, "×")),
      this.#list,
      this.#foot,
    );
    this.#list.addEventListener("pointermove", (event) => this.#hover(event));
    this.#list.addEventListener("pointerleave", () => this.#hover(null));
  }

  /** Follow the state: ask the models when the place changed, redraw when the look did. @param {State} state */
  update(state) {
    const { pixel, axis } = state.view;
    const frame = currentFrame(state);
    this.root.hidden = pixel === null || !frame;
    this.root.dataset.state = this.root.hidden ? "closed" : (this.root.dataset.state ?? "loading");
    if (!pixel || !frame || !state.gallery) return this.#stop();
    setText(this.#where, `x ${pixel[0]}  y ${pixel[1]}`);
    setText(this.#scale, axis === "log" ? "log depth" : "linear depth");
    this.#scale.title = "Switch the depth axis between linear and logarithmic";
    // Models run on the photo: without one there are only the depths of the panes.
    const methods = frame.has_image
      ? visibleMethods(state).filter((method) => method.model && method.unit === "m")
      : [];
    const place = JSON.stringify([state.gallery.id, frame.id, pixel, methods.map((m) => m.id)]);
    if (place !== this.#asked) {
      this.#asked = place;
      this.#ask(methods, pixel, this.#photoOf(state.gallery, frame));
    }
    this.#axis = axisOf(state);
    this.#draw();
  }

  #stop() {
    this.#asking?.abort();
    this.#asking = null;
    this.#asked = "";
    this.#rows = [];
  }

  /** @param {Method[]} methods @param {[number, number]} pixel @param {() => Promise<Blob>} photo */
  async #ask(methods, pixel, photo) {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    const known = new Map(this.#rows.map((row) => [row.method.id, row.distribution]));
    // The old curve stays, dimmed, until the new one is there.
    this.#rows = methods.map((method) => ({
      method,
      distribution: known.get(method.id) ?? null,
      message: "Running …",
      failed: false,
    }));
    this.root.dataset.state = "loading";
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    if (signal.aborted) return;
    this.#draw();
    await Promise.all(this.#rows.map((row) => this.#askOne(row, pixel, photo, signal)));
    if (!signal.aborted) this.root.dataset.state = "ready";
  }

  /** @param {Row} row @param {[number, number]} pixel @param {() => Promise<Blob>} photo @param {AbortSignal} signal */
  async #askOne(row, pixel, photo, signal) {
    const onWait = (/** @type {string} */ words) => {
      row.message = words;
      this.#draw();
    };
    try {
      const wanted = { model: row.method.model ?? "", pixel };
      row.distribution = await askDistribution(await photo(), wanted, { signal, onWait });
      row.message = "";
    } catch (error) {
      if (isAbort(error)) return;
      Object.assign(row, { distribution: null, message: messageOf(error), failed: true });
    }
    if (!signal.aborted) this.#draw();
  }

  /** Reads the photo of a frame, once for all models and pixels. @param {Gallery} gallery @param {Frame} frame @returns {() => Promise<Blob>} */
  #photoOf(gallery, frame) {
    const key = JSON.stringify([gallery.id, frame.id]);
    return () => {
      if (this.#photo?.key !== key) {
        const blob = this.page.source().photo(gallery, frame, new AbortController().signal);
        this.#photo = { key, blob };
        blob.catch(() => (this.#photo = null)); // the next pixel asks again
      }
      return this.#photo.blob;
    };
  }

  #draw() {
    const readings = this.page.readings();
    const axis = this.#axis;
    const rows = this.#rows.map((row) => [row.method.id, row.message, row.distribution]);
    const signature = JSON.stringify([rows, readings.map((r) => [r.method.id, r.depth]), axis]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    const compare = {
      teacher: this.#rows.find((row) => row.method.family === "teacher")?.distribution ?? null,
      truth: readings.find(({ method }) => method.family === "ground_truth")?.depth ?? null,
    };
    const others = readings.filter(({ method }) => !this.#rows.some((row) => row.method.id === method.id));
    this.#list.replaceChildren(
      ...this.#rows.map((row) => distributionRow(row, axis, compare)),
      ...others.map(readingRow),
    );
    setText(this.#foot, this.#rows.length ? FOOT : NO_PHOTO);
  }

  /** Probability of the bin under the pointer, in every row. @param {PointerEvent|null} event */
  #hover(event) {
    const chart = event?.target instanceof Element ? event.target.closest("svg.curve") : null;
    const bounds = chart?.getBoundingClientRect();
    const depth =
      event && bounds ? depthAtX(((event.clientX - bounds.left) / bounds.width) * WIDTH, this.#axis) : null;
    this.#list.querySelectorAll(".curve-bin").forEach((output, i) => {
      const distribution = this.#rows[i]?.distribution;
      const bin = depth !== null && distribution ? binAt(distribution, depth) : null;
      const words =
        bin && `${bin.from.toFixed(1)}–${bin.to.toFixed(1)} m: ${(100 * bin.probability).toFixed(1)} %`;
      setText(output, words ?? "");
    });
  }
}

/** Depth axis of the charts. @param {State} state @returns {Axis} */
function axisOf({ gallery, view }) {
  const max = gallery?.depth_range.max_m ?? 80;
  return { min: view.axis === "log" ? max / 80 : 0, max, spread: view.axis };
}
