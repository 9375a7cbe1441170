/**
 * Depth along the cursor's row: a line for each method, the truth as dots, in the part of the picture that is in sight.
 * The depth axis is that of the colour bar.
 *
 * @import { DepthPicture, Method, Scale, State } from "../state/types.js"
 * @import { Area, Part } from "../paint/profile.js"
 * @import { Scene } from "./probe.js"
 */
import { profilePath, xOfPlace, yOfDepth } from "../paint/profile.js";
import { stepsOf, ticks } from "../paint/scale.js";
import { depthScale, isSameMethod, truthOf, visibleMethods } from "../state/selectors.js";
import { pixelUnder, placeInPhoto } from "../state/window.js";
import { depthOf } from "./content.js";
import { h, setText, svg } from "./dom.js";
import { colourOf } from "./names.js";

const HEIGHT = 200;
const MARGIN = Object.freeze({ left: 30, top: 6, right: 14, bottom: 18 });

/** @typedef {{method: Method, picture: DepthPicture, dots: boolean}} Line */

export class ProfileChart {
  #about = h("p", { class: "dim" });
  #chart = svg("svg", { class: "profile", role: "img", height: HEIGHT });
  #cursor = svg("line", { class: "profile-cursor" });
  parts = [this.#about, this.#chart];
  #width = 0;
  #drawn = "";
  /** @type {Line[]} */
  #lines = [];

  /** @param {() => void} again  shows it once more, after its width changed */
  constructor(again) {
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = contentRect.width;
      again();
    }).observe(this.#chart);
  }

  /** @param {State} state @param {Scene} scene */
  show(state, { at, pixel, photo, part, peek }) {
    const scale = depthScale(state);
    const truth = truthOf(state);
    const methods = [...new Set([...visibleMethods(state), truth])].filter((method) => method !== null);
    const lines = methods.flatMap((method) => {
      const picture = depthOf(state, method, peek);
      return picture ? { method, picture, dots: isSameMethod(method, truth) } : [];
    });
    const row = pixel[1];
    const ofTruth = truth ? ` Dots: ${truth.label}.` : "";
    setText(this.#about, `Depth along row ${row}, in metres (${scale.spread}).${ofTruth}`);
    if (this.#width <= MARGIN.left + MARGIN.right) return;
    const area = areaOf(this.#width);
    const x = xOfPlace(at.u, part, area);
    this.#cursor.setAttribute("x1", String(x));
    this.#cursor.setAttribute("x2", String(x));
    this.#cursor.classList.toggle("outside", at.u < part.from || at.u > part.from + part.size);
    const signature = JSON.stringify([row, photo, part, scale, area, methods]);
    const same = lines.length === this.#lines.length && lines.every(isSame, this.#lines);
    if (same && signature === this.#drawn) return;
    this.#drawn = signature;
    this.#lines = lines;
    this.#draw(row, { photo, part, scale, area });
  }

  /** @param {number} row @param {{photo: {width: number, height: number}, part: Part, scale: Scale, area: Area}} how */
  #draw(row, { photo, part, scale, area }) {
    const { left, top, width, height } = area;
    const paths = this.#lines.map(({ method, picture, dots }) => {
      const place = placeInPhoto(photo, picture);
      const pixel = pixelUnder({ u: 0.5, v: (row + 0.5) / photo.height }, photo, picture);
      const own = partOf(part, photo.width, { from: place.left, size: place.scale * picture.width });
      const path = svg("path", {
        class: dots ? "dots" : "line",
        d: pixel ? profilePath(picture, pixel[1], { part: own, scale, area, dots }) : "",
      });
      Object.assign(path.dataset, { profile: method.id, ...colourOf(method) });
      return path;
    });
    const depths = stepsOf(scale).flatMap((metres) => {
      const y = yOfDepth(metres, scale, area);
      return [
        svg("line", { class: "gridline", x1: left, x2: left + width, y1: y, y2: y }),
        svg("text", { x: left - 4, y: y + 4, "text-anchor": "end" }, String(metres)),
      ];
    });
    const [from, to] = [part.from * photo.width, (part.from + part.size) * photo.width];
    const columns = ticks(from, to, 6).map((column) => {
      const x = xOfPlace((column + 0.5) / photo.width, part, area);
      return svg("text", { x, y: HEIGHT - 4, "text-anchor": "middle" }, String(column));
    });
    for (const [name, y] of Object.entries({ y1: top, y2: top + height }))
      this.#cursor.setAttribute(name, String(y));
    this.#chart.setAttribute("aria-label", `Depth of ${paths.length} methods along row ${row}`);
    this.#chart.replaceChildren(...depths, ...columns, this.#cursor, ...paths);
  }
}

/** A part of the photo as a part of a picture that lies there. @param {Part} part @param {number} width  of the photo @param {Part} lies  in pixels of the photo @returns {Part} */
const partOf = (part, width, lies) => ({
  from: (part.from * width - lies.from) / lies.size,
  size: (part.size * width) / lies.size,
});

/** @this {Line[]} @param {Line} line @param {number} i */
function isSame({ picture, method }, i) {
  return this[i].picture === picture && isSameMethod(this[i].method, method);
}

/** @param {number} width @returns {Area} */
const areaOf = (width) => ({
  left: MARGIN.left,
  top: MARGIN.top,
  width: width - MARGIN.left - MARGIN.right,
  height: HEIGHT - MARGIN.top - MARGIN.bottom,
});
