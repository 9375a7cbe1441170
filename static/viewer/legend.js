/**
 * The two colour scales above the panes: depth, and differences.
 *
 * @import { Scale, State } from "./types.js"
 */
import { DEPTH_MAPS } from "./colormaps.js";
import { DIFFERENCE_SCALES, logTicks, ticks } from "./depth.js";
import { find, h, setText } from "./dom.js";
import { paintColorBar } from "./painter.js";
import { differenceScale } from "./scene.js";
import { depthScale, differenceMax } from "./store.js";

/** @param {HTMLElement} root */
export function createLegend(root) {
  const depth = find("[data-scale=depth]", HTMLElement, root);
  const diff = find("[data-scale=diff]", HTMLElement, root);
  const note = find(".legend-note", HTMLElement, root);
  const cmap = find("[data-action=cmap]", HTMLSelectElement, root);
  const diffMax = find("[data-action=diff-max]", HTMLSelectElement, root);
  cmap.replaceChildren(...DEPTH_MAPS.map((map) => h("option", { value: map.name }, map.label)));

  return {
    /** @param {State} state */
    update(state) {
      const inMetres = state.gallery?.methods.some((method) => method.unit === "m") ?? true;
      const inColors = state.gallery?.methods.some((method) => method.unit === "rgb") ?? false;
      depth.hidden = diff.hidden = !inMetres;
      note.hidden = !inColors;
      note.textContent = inMetres
        ? "Pictures marked “colours only” hold no metres: their difference is |ΔRGB| per channel."
        : "These pictures hold colours, not metres: a difference is |ΔRGB| per channel, 0 (black) to 255.";
      diff.dataset.active = String(state.view.diff > 0);
      showBar(depth, depthScale(state), "depth");
      showBar(diff, differenceScale(state), "difference");
      showDepthControls(depth, state);
      cmap.value = state.view.cmap;
      find("[data-action=absolute]", HTMLElement, diff).setAttribute(
        "aria-pressed",
        String(!state.view.signed),
      );
      find("[data-action=signed]", HTMLElement, diff).setAttribute("aria-pressed", String(state.view.signed));
      showDifferenceEnds(diffMax, differenceMax(state));
    },
  };
}

/** @param {HTMLElement} root @param {State} state */
function showDepthControls(root, state) {
  const { min, max, log } = depthScale(state);
  setText(find("[data-action=toggle-spread]", HTMLElement, root), log ? "log" : "linear");
  for (const [name, value] of /** @type {const} */ ([
    ["range-min", min],
    ["range-max", max],
  ])) {
    const input = find(`[data-action=${name}]`, HTMLInputElement, root);
    if (document.activeElement !== input) input.value = String(value);
  }
  find("[data-action=range-reset]", HTMLElement, root).style.visibility = state.view.range
    ? "visible"
    : "hidden";
}

/** @param {HTMLSelectElement} select @param {number} max */
function showDifferenceEnds(select, max) {
  const offered = [...new Set([...DIFFERENCE_SCALES, max])].sort((a, b) => a - b);
  const signature = offered.join(" ");
  if (select.dataset.offered !== signature) {
    select.dataset.offered = signature;
    select.replaceChildren(...offered.map((value) => h("option", { value }, `${value} m`)));
  }
  select.value = String(max);
}

/** Where a value lies on a scale, 0 to 1. @param {number} value @param {Scale} scale */
const shareOf = (value, { min, max, log }) =>
  log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);

/** @param {HTMLElement} root @param {Scale} scale @param {string} what */
function showBar(root, scale, what) {
  const canvas = find("canvas", HTMLCanvasElement, root);
  const signature = JSON.stringify(scale);
  if (canvas.dataset.signature === signature) return;
  canvas.dataset.signature = signature;
  paintColorBar(canvas, scale);
  canvas.setAttribute(
    "aria-label",
    `Colours of ${what} from ${scale.min} to ${scale.max} metres, ${scale.log ? "logarithmic" : "linear"}`,
  );
  const steps = scale.log ? logTicks(scale.min, scale.max) : ticks(scale.min, scale.max, 8);
  const marks = steps.map((value) => {
    const tick = h("span", {}, String(value).replace("-", "−"));
    tick.style.setProperty("--at", `${100 * shareOf(value, scale)}%`);
    return tick;
  });
  find(".ticks", HTMLElement, root).replaceChildren(...marks);
}
