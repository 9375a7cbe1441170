/**
 * The ends of the colour bars: dragged with mouse, finger or pen, and moved with the keys of a slider.
 *
 * @import { Legend } from "../panels/legend.js"
 * @import { Scale } from "../state/types.js"
 */
import { shareOf, valueAt } from "../paint/scale.js";

/** Share of a bar that a key moves an end. */
const STEP = 0.01;
const PAGE = 0.1;

/** @type {Record<string, number>} */
const KEYS = {
  ArrowLeft: -STEP,
  ArrowDown: -STEP,
  ArrowRight: STEP,
  ArrowUp: STEP,
  PageDown: -PAGE,
  PageUp: PAGE,
};

/**
 * @param {HTMLElement} root  holds the bars @param {Legend} legend
 * @param {(bar: string, end: "min"|"max", value: number, repeat: boolean) => void} onMove
 */
export function installEnds(root, legend, onMove) {
  root.addEventListener("pointerdown", (event) => {
    const end = endOf(event.target);
    const bar = end && legend.barOf(end.element);
    const axis = bar?.axis;
    if (!end || !bar || !axis || event.button !== 0) return;
    end.element.setPointerCapture(event.pointerId);
    const { left, width } = end.ramp.getBoundingClientRect();
    const start = end.which === "min" ? axis.min : axis.max;
    // The pointer keeps its place on the handle, so that taking it changes nothing.
    const offset = shareOf(start, axis) - (event.clientX - left) / width;
    const dragged = new AbortController();
    const { signal } = dragged;
    const stop = () => {
      dragged.abort();
      bar.hold(false);
    };
    bar.hold(true);
    const move = (/** @type {PointerEvent} */ { clientX }) => {
      const share = offset + (clientX - left) / width;
      onMove(bar.name, end.which, rounded(valueAt(share, axis)), true);
    };
    end.element.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
      end.element.addEventListener(name, stop, { signal });
  });

  root.addEventListener("keydown", (event) => {
    const end = endOf(event.target);
    const bar = end && legend.barOf(end.element);
    if (!end || !bar?.axis || event.ctrlKey || event.altKey || event.metaKey) return;
    const by = KEYS[event.code];
    if (by === undefined) return;
    event.preventDefault();
    onMove(bar.name, end.which, moved(bar.axis, end.which, by), event.repeat);
  });
}

/** The handle that an event belongs to. @param {EventTarget|null} target */
function endOf(target) {
  const element = target instanceof Element ? target.closest("[data-end]") : null;
  const ramp = element?.closest(".ramp");
  if (!(element instanceof HTMLElement) || !ramp) return null;
  /** @type {"min"|"max"} */
  const which = element.dataset.end === "min" ? "min" : "max";
  return { element, ramp, which };
}

/** Where a key moves an end to: by its share of the bar, and at least by what can be seen of the number. @param {Scale} axis @param {"min"|"max"} which @param {number} by */
function moved(axis, which, by) {
  const start = axis[which];
  const value = rounded(valueAt(shareOf(start, axis) + by, axis));
  return value === start ? start + Math.sign(by) * 10 ** (Math.floor(Math.log10(start || 1)) - 2) : value;
}

/** Three digits are as fine as a bar shows. @param {number} value */
const rounded = (value) => Number(value.toPrecision(3));
