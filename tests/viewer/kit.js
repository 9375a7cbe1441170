/**
 * A small gallery and pictures for tests of the page's pure modules.
 */
import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";

/** A method as galleries list it. */
export const method = (id, more = {}) => ({
  id,
  label: id.toUpperCase(),
  family: "other",
  model: null,
  unit: "m",
  precision_m: null,
  saturated_m: null,
  ...more,
});

/** Four frames of 100 × 40 pixels; a, b and c in metres, p and q colours only. */
export const gallery = (more = {}) => ({
  id: "g",
  title: "Gallery",
  depth_range: { min_m: 0.001, max_m: 80 },
  methods: [method("a", { model: "row.a" }), method("b"), method("c"), ...["p", "q"].map(colorsOnly)],
  frames: [0, 1, 2, 3].map((i) => ({
    id: `f${i}`,
    title: `F ${i}`,
    width: 100,
    height: 40,
    has_image: true,
  })),
  ...more,
});

const colorsOnly = (id) => method(id, { unit: "rgb" });

/** A state with an open gallery. */
export const stateOf = (view = {}, opened = gallery()) => ({
  view: { ...DEFAULT_VIEW, gallery: opened.id, ...view },
  gallery: opened,
  failure: null,
  scores: null,
  order: null,
});

/** One row of depths, stored as metres × 256. */
export const depths = (...values) => ({
  unit: "m",
  width: values.length,
  height: 1,
  values: Uint16Array.from(values),
});

/** One row of opaque pixels. */
export const colors = (...pixels) => ({
  unit: "rgb",
  width: pixels.length,
  height: 1,
  pixels: Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255])),
});

globalThis.ImageData ??= class {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
};

/** What painters need of a canvas; `pixels` holds R, G, B, A of what was painted last. */
export function fakeCanvas() {
  const canvas = { width: 0, height: 0, pixels: new Uint8ClampedArray(), dataset: {} };
  const context = {
    createImageData: (width, height) => new ImageData(width, height),
    putImageData: ({ data }) => (canvas.pixels = data.slice()),
    drawImage: (bitmap) => (canvas.drawn = bitmap),
  };
  return Object.assign(canvas, { getContext: () => context });
}
