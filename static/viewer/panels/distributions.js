/**
 * The side panel: distributions over depth at one pixel, one row per model, one depth axis for all.
 *
 * @import { Distribution, Frame, Gallery, Method, Model, State } from "../state/types.js"
 * @import { Wanted } from "../sources/distributions.js"
 * @import { Source } from "../sources/source.js"
 * @import { PaneReading, Row } from "./distribution-row.js"
 * @import { Axis } from "./dpm-chart.js"
 */
import { askDistributions } from "../sources/distributions.js";
import { isAbort, messageOf } from "../sources/http.js";
import { currentFrame, visibleMethods } from "../state/selectors.js";
import { distributionRow, hasOwnBins, readingRow } from "./distribution-row.js";
import { h, setText } from "./dom.js";
import { binAt, depthAtX, WIDTH } from "./dpm-chart.js";

/** Each new place asks every model again, so wait until the visitor's hand rests. */
const SETTLE_MS = 160;

const FOOT =
  "Each curve is probability per metre, drawn to its own peak. Solid line: expectation. Outline: the teacher. Dotted: the target that the student learned from the teacher's depth. Dashed line: ground truth. Depth in metres.";
const NO_PHOTO = "There is no photo here to run the models on, so there are only the depths of the panes.";
const NO_MODEL =
  "None of the methods on show is a model of this server, so there are only the depths of the panes.";
const SPIKES =
  "Spikes: this network chooses the widths of its bins for each photo, and much probability in a narrow bin is a spike.";
const SHAPES = Object.freeze({
  published:
    "A plateau and no bell: the published target is a softmax of the Gaussian's density, about 8.5 σ wide on either side.",
  gaussian: "A bell: the Gaussian target is the mass of a normal distribution in each bin.",
});

export class Distributions {
  /** @type {Row[]} */
  #rows = [];
  /** @type {Model[]} those of the server that were asked */
  #models = [];
  /** @type {AbortController|null} */
  #asking = null;
  /** @type {{key: string, blob: Promise<Blob>}|null} the photo of the frame on show */
  #photo = null;
  #hasPhoto = true;
  #asked = "";
  #drawn = "";
  /** @type {Axis} of what is drawn */
  #axis = { min: 0, max: 80, spread: "linear" };
  #where = h("span", { class: "dim" });
  #scale = h("button", { class: "button", type: "button", dataset: { action: "axis" } });
  #dock = h("button", { class: "button", type: "button", dataset: { action: "dock" } }, "Dock");
  #list = h("div", { class: "curves" });
  /** Where the pointer is in the window: the panel opens on the other side. */
  #pointerX = 0;
  #foot = h("p", { class: "dim" });

  /**
   * @param {HTMLElement} root
   * @param {object} page
   * @param {() => Source} page.source
   * @param {() => PaneReading[]} page.readings
   * @param {() => number|null} page.focal  of the photo on show, in pixels, where it is stated
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
      h(
        "header",
        {},
        h("h2", {}, "Distributions"),
        this.#where,
        this.#scale,
        this.#dock,
        h("button", close, "×"),
      ),
      this.#list,
      this.#foot,
    );
    this.#dock.title = "Give it a place of its own beside the pictures, or lay it over them";
    this.dock(readDocked());
    for (const type of /** @type {const} */ (["pointermove", "pointerdown"]))
      window.addEventListener(type, ({ clientX }) => (this.#pointerX = clientX), { passive: true });
    this.#list.addEventListener("pointermove", (event) => this.#hover(event));
    this.#list.addEventListener("pointerleave", () => this.#hover(null));
  }

  /** Follow the state: ask the models when the place changed, redraw when the look did. @param {State} state */
  update(state) {
    const { pixel, axis } = state.view;
    const frame = currentFrame(state);
    const opens = this.root.hidden;
    this.root.hidden = pixel === null || !frame;
    if (opens && !this.root.hidden) this.#place();
    this.root.dataset.state = this.root.hidden ? "closed" : (this.root.dataset.state ?? "loading");
    if (!pixel || !frame || !state.gallery) return this.#stop();
    setText(this.#where, pixel.join(", "));
    setText(this.#scale, axis);
    this.#scale.title = "Switch the depth axis between linear and logarithmic";
    // Models run on the photo: without one there are only the depths of the panes.
    this.#hasPhoto = frame.has_image;
    const methods = frame.has_image
      ? visibleMethods(state).filter((method) => method.model && method.unit === "m")
      : [];
    const fx = this.page.focal();
    const place = JSON.stringify([state.gallery.id, frame.id, pixel, fx, methods.map((m) => m.id)]);
    if (place !== this.#asked) {
      this.#asked = place;
      this.#ask(methods, pixel, fx, this.#photoOf(state.gallery, frame));
    }
    this.#axis = axisOf(state);
    this.#draw();
  }

  /** Beside the pictures, or over them. @param {boolean} docked */
  dock(docked) {
    this.root.dataset.docked = String(docked);
    this.#dock.setAttribute("aria-pressed", String(docked));
  }

  toggleDock() {
    const docked = this.root.dataset.docked !== "true";
    this.dock(docked);
    keepDocked(docked);
  }

  /** Away from the pointer; and where the sheet at the foot would cover the pixel, that is scrolled clear of it. */
  #place() {
    this.root.dataset.side = this.#pointerX > innerWidth / 2 ? "left" : "right";
    const sheet = this.root.getBoundingClientRect();
    if (sheet.width < innerWidth) return;
    const at = document.querySelector(".pane:hover .stage")?.getBoundingClientRect();
    if (at && at.bottom > sheet.top) document.querySelector(".grid")?.scrollBy(0, at.bottom - sheet.top + 8);
  }

  #stop() {
    this.#asking?.abort();
    this.#asking = null;
    this.#asked = "";
    this.#rows = [];
  }

  /** @param {Method[]} methods @param {[number, number]} pixel @param {number|null} fx @param {() => Promise<Blob>} photo */
  async #ask(methods, pixel, fx, photo) {
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
    const models = [...new Set(methods.flatMap((method) => method.model ?? []))];
    try {
      if (models.length) await this.#askAll({ models, pixel, fx }, photo, signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      for (const row of this.#rows.filter(({ message }) => message)) fail(row, error);
    }
    if (signal.aborted) return;
    this.root.dataset.state = "ready";
    this.#draw();
  }

  /** @param {Wanted} wanted @param {() => Promise<Blob>} photo @param {AbortSignal} signal */
  async #askAll(wanted, photo, signal) {
    const rowsOf = (/** @type {string} */ model) => this.#rows.filter((row) => row.method.model === model);
    this.#models = await askDistributions(photo, wanted, {
      signal,
      onWait: (models, message) => {
        for (const row of models.flatMap(rowsOf)) row.message = message;
        this.#draw();
      },
      onAnswer: (model, answer) => {
        if (signal.aborted) return;
        for (const row of rowsOf(model)) {
          if (answer instanceof Error) fail(row, answer);
          else Object.assign(row, { distribution: answer, message: "" });
        }
        this.#draw();
      },
    });
    const served = new Set(this.#models.map(({ name }) => name));
    this.#rows = this.#rows.filter(({ method }) => served.has(method.model ?? ""));
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
    const told = readings.map((reading) => [reading.method.id, reading.depth]);
    const signature = JSON.stringify([rows, told, axis, this.#models]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    const beside = {
      teacher: this.#rows.find((row) => row.method.family === "teacher")?.distribution ?? null,
      truth: readings.find(({ method }) => method.family === "ground_truth")?.depth ?? null,
      model: (/** @type {string} */ name) => this.#models.find((model) => model.name === name),
    };
    const others = readings.filter(({ method }) => !this.#rows.some((row) => row.method.id === method.id));
    /** @type {Set<string>} */
    const notes = new Set();
    this.#list.replaceChildren(
      ...this.#rows.map((row) => distributionRow(row, axis, beside, firstNote(row.distribution, notes))),
      ...others.map((reading) => readingRow(reading, axis, beside)),
    );
    setText(this.#foot, this.#rows.length ? FOOT : this.#hasPhoto ? NO_MODEL : NO_PHOTO);
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

const DOCKED_KEY = "tiekd:docked";

function readDocked() {
  try {
    return localStorage.getItem(DOCKED_KEY) === "true";
  } catch {
    return false; // storage is switched off
  }
}

/** @param {boolean} docked */
function keepDocked(docked) {
  try {
    localStorage.setItem(DOCKED_KEY, String(docked));
  } catch {
    // then it is docked until the page is closed
  }
}

/** Depth axis of the charts. @param {State} state @returns {Axis} */
function axisOf({ gallery, view }) {
  const max = gallery?.depth_range.max_m ?? 80;
  return { min: view.axis === "log" ? max / 80 : 0, max, spread: view.axis };
}

/** @param {Row} row @param {unknown} error */
function fail(row, error) {
  Object.assign(row, { distribution: null, message: messageOf(error), failed: true });
}

/** What explains the shape of a curve, where it stands first. @param {Distribution|null} distribution @param {Set<string>} told */
function firstNote(distribution, told) {
  if (!distribution) return "";
  const note = hasOwnBins(distribution) ? SPIKES : distribution.target ? SHAPES[distribution.target] : "";
  if (told.has(note)) return "";
  told.add(note);
  return note;
}
