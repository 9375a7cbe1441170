/**
 * The side panel: distributions over depth at one pixel, teacher first, one row per model, one depth axis.
 *
 * @import { Distribution, Method, State } from "./types.js"
 * @import { Source } from "./sources.js"
 * @import { Axis } from "./dpm-chart.js"
 */
import { h, setText } from "./dom.js";
import { binAt, depthAtX, drawAxis, drawChart, WIDTH } from "./dpm-chart.js";
import { isAbort, messageOf, requestPatiently } from "./http.js";
import { untilWarm } from "./models.js";
import { currentFrame, visibleMethods } from "./store.js";

/** Walking frames or moving the pixel asks every model again, so wait until the hand rests. */
const SETTLE_MS = 160;

/**
 * @typedef {object} Row
 * @property {Method} method
 * @property {Distribution|null} distribution
 * @property {string} message  what to say while there is none
 * @property {boolean} failed
 */

export class DpmInspector {
  /** @type {Row[]} */
  #rows = [];
  /** @type {AbortController|null} */
  #asking = null;
  /** @type {{key: string, blob: Promise<Blob>}|null} the photo of the frame on show */
  #photo = null;
  #asked = "";
  #drawn = "";
  /** @type {Axis|null} of what is drawn */
  #axisNow = null;

  /**
   * @param {HTMLElement} root
   * @param {{source: () => Source, readings: () => {method: Method, depth: number|null}[]}} page
   *   readings: what each pane says at the marked pixel
   */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    this.where = h("span", { class: "dim" });
    this.scale = h("button", { class: "button", type: "button", dataset: { action: "axis" } });
    this.list = h("div", { class: "curves" });
    this.foot = h("p", { class: "dim" });
    root.replaceChildren(
      h(
        "header",
        {},
        h("h2", {}, "Distributions"),
        this.where,
        this.scale,
        h(
          "button",
          {
            class: "button square",
            type: "button",
            "aria-label": "Close the distributions",
            dataset: { action: "close-distributions" },
          },
          "×",
        ),
      ),
      this.list,
      this.foot,
    );
    this.list.addEventListener("pointermove", (event) => this.#hover(event));
    this.list.addEventListener("pointerleave", () => this.#hover(null));
  }

  /** Follow the state: ask the models when the place changed, redraw when the look did. @param {State} state */
  update(state) {
    const { pixel } = state.view;
    const frame = currentFrame(state);
    this.root.hidden = pixel === null || !frame;
    this.root.dataset.state = this.root.hidden ? "closed" : (this.root.dataset.state ?? "loading");
    if (!pixel || !frame || !state.gallery) {
      this.#stop();
      return;
    }
    setText(this.where, `x ${pixel[0]}  y ${pixel[1]}`);
    setText(this.scale, state.view.axis === "log" ? "log depth" : "linear depth");
    this.scale.title = "Switch the depth axis between linear and logarithmic";
    // Models run on the photo: without one there are only the depths of the panes.
    const methods = frame.has_image
      ? visibleMethods(state).filter((method) => method.model && method.unit === "m")
      : [];
    const place = JSON.stringify([state.gallery.id, frame.id, pixel, methods.map((m) => m.id)]);
    if (place !== this.#asked) {
      this.#asked = place;
      this.#ask(state, methods);
    }
    this.#draw(state);
  }

  #stop() {
    this.#asking?.abort();
    this.#asking = null;
    this.#asked = "";
    this.#rows = [];
  }

  /** @param {State} state @param {Method[]} methods */
  async #ask(state, methods) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const known = new Map(this.#rows.map((row) => [row.method.id, row]));
    // The old curve stays, dimmed, until the new one is there.
    this.#rows = methods.map((method) => ({
      ...(known.get(method.id) ?? { distribution: null }),
      method,
      message: "Running …",
      failed: false,
    }));
    this.root.dataset.state = "loading";
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    if (asking.signal.aborted) return;
    let left = this.#rows.length;
    if (left === 0) this.root.dataset.state = "ready";
    for (const row of this.#rows) {
      this.#askOne(state, row, asking.signal).finally(() => {
        if (asking.signal.aborted) return;
        if (--left === 0) this.root.dataset.state = "ready";
        this.#draw(state);
      });
    }
    this.#draw(state);
  }

  /** @param {State} state @param {Row} row @param {AbortSignal} signal */
  async #askOne(state, row, signal) {
    try {
      const blob = await this.#photoOf(state);
      const [x, y] = /** @type {[number, number]} */ (state.view.pixel);
      const query = new URLSearchParams({
        model: row.method.model ?? "",
        view: "distribution",
        x: String(x),
        y: String(y),
      });
      const onWait = (/** @type {string} */ words) => {
        row.message = words;
        this.#draw(state);
      };
      await untilWarm(row.method.model ?? "", { signal, onWait });
      const response = await requestPatiently(
        `/dpm?${query}`,
        { method: "POST", signal, ...bodyOf(blob) },
        { onWait },
      );
      row.distribution = await response.json();
      row.message = "";
    } catch (error) {
      if (isAbort(error)) return;
      Object.assign(row, { distribution: null, message: messageOf(error), failed: true });
    }
  }

  /** @param {State} state @returns {Promise<Blob>} */
  #photoOf(state) {
    const { gallery } = state;
    const frame = currentFrame(state);
    if (!gallery || !frame) return Promise.reject(new Error("There is no photo to run the model on."));
    const key = JSON.stringify([gallery.id, frame.id]);
    if (this.#photo?.key !== key) {
      const blob = this.page.source().photo(gallery, frame, new AbortController().signal);
      this.#photo = { key, blob };
      blob.catch(() => (this.#photo = null));
    }
    return this.#photo.blob;
  }

  /** Depth axis of the charts. @param {State} state @returns {Axis} */
  #axis(state) {
    const max = state.gallery?.depth_range.max_m ?? 80;
    return state.view.axis === "log" ? { min: max / 80, max, log: true } : { min: 0, max, log: false };
  }

  /** @param {State} state */
  #draw(state) {
    const readings = this.page.readings();
    const truth = readings.find(({ method }) => method.family === "ground_truth")?.depth ?? null;
    const axis = this.#axis(state);
    const rows = this.#rows.map((row) => [row.method.id, row.message, row.distribution]);
    const signature = JSON.stringify([rows, readings.map((r) => [r.method.id, r.depth]), axis]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    const teacher = this.#rows.find((row) => row.method.family === "teacher")?.distribution ?? null;
    this.list.replaceChildren(
      ...this.#rows.map((row) => rowElement(row, axis, { teacher, truth })),
      ...readings
        .filter(({ method }) => !this.#rows.some((row) => row.method.id === method.id))
        .map(readingElement),
    );
    setText(
      this.foot,
      this.#rows.length
        ? FOOT
        : "There is no photo here to run the models on, so there are only the depths of the panes.",
    );
    this.#axisNow = axis;
  }

  /** Probability of the bin under the pointer, in every row. @param {PointerEvent|null} event */
  #hover(event) {
    const chart = event?.target instanceof Element ? event.target.closest("svg.curve") : null;
    const axis = this.#axisNow;
    const bounds = chart?.getBoundingClientRect();
    const depth =
      event && bounds && axis ? depthAtX(((event.clientX - bounds.left) / bounds.width) * WIDTH, axis) : null;
    this.list.querySelectorAll(".curve-bin").forEach((output, i) => {
      const distribution = this.#rows[i]?.distribution;
      const bin = depth !== null && distribution ? binAt(distribution, depth) : null;
      setText(
        output,
        bin ? `${bin.from.toFixed(1)}–${bin.to.toFixed(1)} m: ${(100 * bin.probability).toFixed(1)} %` : "",
      );
    });
  }
}

const FOOT =
  "Each curve is probability per metre, drawn to its own peak. Solid line: expectation. Outline: the teacher. Dashed line: ground truth. Depth in metres.";

/** Raw bytes where the type says picture, so that the server knows a photo again; else a form. @param {Blob} blob */
function bodyOf(blob) {
  if (blob.type.startsWith("image/")) return { body: blob, headers: { "Content-Type": blob.type } };
  const form = new FormData();
  form.set("image", blob, "photo");
  return { body: form };
}

/** @param {Row} row @param {Axis} axis @param {{teacher: Distribution|null, truth: number|null}} compare */
function rowElement({ method, distribution, message, failed }, axis, compare) {
  const kind = distribution?.source === "own" ? "own distribution" : "target of its depth";
  const facts = distribution
    ? `${kind} · mode ${distribution.mode_m.toFixed(2)} m · entropy ${distribution.entropy_nats.toFixed(2)} nats`
    : "";
  return h(
    "section",
    {
      class: "curve-row",
      dataset: {
        family: method.family,
        dpm: method.id,
        state: failed ? "failed" : message ? "loading" : "ready",
      },
    },
    h(
      "header",
      {},
      h("i", { class: "swatch" }),
      h("span", { class: "name" }, method.label),
      h(
        "b",
        { class: "curve-expectation" },
        distribution ? `${distribution.expectation_m.toFixed(2)} m` : "",
      ),
    ),
    h(
      "div",
      { class: "curve-box" },
      distribution ? drawChart(distribution, axis, compare) : null,
      message ? h("p", { class: "curve-message" }, message) : null,
    ),
    drawAxis(axis),
    h("p", { class: "curve-facts" }, h("span", {}, facts), h("span", { class: "curve-bin" })),
  );
}

/** @param {{method: Method, depth: number|null}} reading */
function readingElement({ method, depth }) {
  return h(
    "section",
    { class: "curve-row plain-row", dataset: { family: method.family } },
    h(
      "header",
      {},
      h("i", { class: "swatch" }),
      h("span", { class: "name" }, method.label),
      h("b", {}, depth === null ? "no data" : `${depth.toFixed(2)} m`),
    ),
  );
}
