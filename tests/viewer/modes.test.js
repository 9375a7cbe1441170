import assert from "node:assert/strict";
import { test } from "node:test";

import { beyondColors } from "../../static/viewer/paint/colormaps.js";
import { MODES, modeFor } from "../../static/viewer/modes/index.js";
import { depthWords, differenceWords, statisticWords } from "../../static/viewer/modes/words.js";
import { colors, depths, fakeCanvas, gallery, stateOf } from "./kit.js";

const [A, B] = gallery().methods;
const [P, Q] = gallery().methods.slice(3);

/** What scripts and the help know of each mode, in the order of `MODES`: its hook, and the term in the help. */
const KNOWN = {
  photo: { hook: "image" },
  depth: { hook: "depth", term: "Depth" },
  colors: { hook: "rgb" },
  difference: { hook: "diff", term: "Difference" },
  relative: { hook: "relative", term: "Relative difference" },
  delta1: { hook: "delta1", term: "δ < 1.25" },
  error: { hook: "error", term: "Error" },
  gain: { hook: "gain", term: "Gain" },
  "color-difference": { hook: "diff" },
};

/** The mode of a method's pane, and what it works on. */
function scene(view, of, ...pictures) {
  const state = stateOf(view);
  const mode = modeFor(state, of);
  return { mode, given: { methods: mode.needs(state, of), pictures, look: mode.look(state) } };
}

/** What a pane reads at the pixels of its first row. */
const readings = ({ mode, given }) =>
  Array.from({ length: given.pictures[0].width }, (_, x) => mode.read(given, x, 0));

test("each pane has its mode", () => {
  const names = (view) => [null, A, B, P, Q].map((of) => modeFor(stateOf(view), of).name);
  assert.deepEqual(names({}), ["photo", "depth", "depth", "colors", "colors"]);
  assert.deepEqual(names({ diff: 1 }), ["photo", "depth", "difference", "difference", "difference"]);
  assert.deepEqual(names({ diff: 4 }), ["photo", "difference", "difference", "colors", "color-difference"]);
});

test("names are unique, scripts find the hooks that they know, and the help its terms", () => {
  const found = MODES.map(({ name, hook, help }) => [name, { hook, term: help?.term }]);
  const known = Object.entries(KNOWN).map(([name, { hook, term }]) => [name, { hook, term }]);
  assert.deepEqual(found, known);
});

test("depth is read in metres", () => {
  const shown = scene({}, A, depths(0, 128, 640));
  assert.deepEqual(readings(shown), [
    { metres: NaN, text: "no data" },
    { metres: 0.5, text: "0.50 m (< 1 m)" },
    { metres: 2.5, text: "2.50 m" },
  ]);
});

test("a reading says how far its source can be trusted", () => {
  const decoded = { saturated_m: 79.7, precision_m: 0.156 };
  assert.equal(depthWords(20, decoded), "20.0 ±0.16 m");
  assert.equal(depthWords(79.7, decoded), "≥ 79.7 m");
  assert.equal(depthWords(20, { saturated_m: null, precision_m: 0.002 }), "20.00 m");
  assert.equal(depthWords(20, null), "20.00 m");
});

test("a difference is a distance, or has a sign when that is chosen", () => {
  const pictures = [depths(512, 0, 128, 256), depths(256, 256, 256, 256)];
  assert.deepEqual(readings(scene({ diff: 1 }, B, ...pictures)), [
    { metres: 1, text: "Δ 1.00 m" },
    { metres: NaN, text: "no data" },
    { metres: 0.5, text: "Δ 0.50 m" },
    { metres: 0, text: "Δ 0.00 m" },
  ]);
  const signed = readings(scene({ diff: 1, signed: true }, B, ...pictures));
  assert.deepEqual(
    signed.map((reading) => reading.text),
    ["Δ +1.00 m", "no data", "Δ −0.50 m", "Δ 0.00 m"],
  );
  assert.equal(signed[2].metres, -0.5);
});

test("what lies beyond the colours of the bar says so", () => {
  const shown = scene({ range: [2, 40] }, A, depths(256, 512, 10240, 15360));
  assert.deepEqual(
    readings(shown).map((reading) => reading.text),
    ["1.00 m (< 2 m)", "2.00 m", "40.00 m", "60.00 m (> 40 m)"],
  );
  const far = scene({ diff: 1, diffMax: 0.5, signed: true }, B, depths(512, 1, 384), depths(256, 512, 256));
  assert.deepEqual(
    readings(far).map((reading) => reading.text),
    ["Δ +1.00 m (> 0.5 m)", "Δ −2.00 m (< −0.5 m)", "Δ +0.50 m"],
  );
});

test("depth that 16 bits can't hold is a bound, and so is what follows from it", () => {
  const shown = scene({}, A, depths(65534, 65535));
  assert.deepEqual(
    readings(shown).map((reading) => reading.text),
    ["255.99 m (> 80 m)", "≥ 255.99 m (> 80 m)"],
  );
  const canvas = fakeCanvas();
  const compared = scene({ diff: 1, diffMax: 256 }, B, depths(65535, 256), depths(2560, 256));
  assert.equal(readings(compared)[0].text, "Δ ≥ 245.99 m");
  assert.deepEqual(compared.mode.paint(canvas, compared.given), [
    "mean ≥ 122.99 m",
    "min ≥ 0.00 m, max ≥ 245.99 m; to A where it is up to 80 m, no crop: 2 pixels",
  ]);
});

test("differences of decoded pictures carry both precisions, and those of cut-off ones are bounds", () => {
  const decoded = { saturated_m: 79.7, precision_m: 0.156 };
  const exact = { saturated_m: null, precision_m: 0.002 };
  const words = (own, reference, signed, methods = [decoded, decoded]) =>
    differenceWords({ depths: [own, reference], methods, signed });
  assert.equal(words(20, 18, false), "Δ 2.0 ±0.31 m");
  assert.equal(words(18, 20, true), "Δ −2.0 ±0.31 m");
  assert.equal(words(20, 20, false), "Δ 0.0 ±0.31 m");
  assert.equal(words(20, 18, false, [decoded, exact]), "Δ 2.0 ±0.16 m");
  assert.equal(words(20, 18, false, [exact, exact]), "Δ 2.00 m");
  assert.equal(words(79.84, 70, false, [decoded, exact]), "Δ ≥ 9.69 m");
  assert.equal(words(79.84, 70, true, [decoded, exact]), "Δ ≥ +9.69 m");
  assert.equal(words(70, 79.84, true, [exact, decoded]), "Δ ≤ −9.69 m");
  assert.equal(words(70, 79.84, false, [exact, decoded]), "Δ ≥ 9.69 m");
  assert.equal(words(79.84, 79.84, true), "Δ unknown: cut off");
  assert.equal(words(79.84, 79.84, false), "Δ unknown: cut off");
  assert.equal(words(100, 79.84, false, [exact, decoded]), "Δ unknown: cut off", "it may be anything");
  assert.equal(words(100, 79.84, true, [exact, decoded]), "Δ ≤ +20.31 m");
});

test("statistics of such differences are as careful", () => {
  const decoded = { saturated_m: 79.7, precision_m: 0.156 };
  const words = (value, signed, cut) => statisticWords(value, { methods: [decoded, decoded], signed, cut });
  assert.equal(words(1.5, false, [false, false]), "1.5 ±0.31 m");
  assert.equal(words(1.5, false, [false, true]), "≥ 1.18 m");
  assert.equal(words(0.2, false, [true, false]), "≥ 0.00 m");
  assert.equal(words(-1.5, true, [true, false]), "≥ −1.82 m");
  assert.equal(words(-1.5, true, [false, true]), "≤ −1.18 m");
  assert.equal(words(-1.5, true, [true, true]), "unknown: cut off");
});

test("colours are read as they are, and their difference per channel", () => {
  const [own, other] = [colors([1, 2, 3]), colors([200, 2, 0])];
  assert.deepEqual(readings(scene({}, P, own)), [{ metres: null, text: "1 2 3" }]);
  assert.deepEqual(readings(scene({ diff: 4 }, Q, own, other)), [{ metres: null, text: "Δ 199 0 3" }]);
});

test("the photo reads its own place", () => {
  const photo = { unit: "photo", width: 3, height: 1, bitmap: {} };
  assert.deepEqual(readings(scene({}, null, photo))[2], { metres: null, text: "2, 0" });
});

test("depth is painted in the colours of its scale; no data stays transparent", () => {
  const canvas = fakeCanvas();
  const { mode, given } = scene({ cmap: "grey_r", range: [0, 1], spread: "linear" }, A, depths(0, 128, 256));
  assert.deepEqual(mode.paint(canvas, given), ["", ""]);
  assert.deepEqual([canvas.width, canvas.height], [3, 1]);
  assert.deepEqual([...canvas.pixels], [0, 0, 0, 0, 127, 127, 127, 255, 0, 0, 0, 255]);
});

test("a difference is painted from the dark end on, and its statistics stand beside it", () => {
  const canvas = fakeCanvas();
  const { mode, given } = scene({ diff: 1, diffMax: 1 }, B, depths(256, 0, 512), depths(256, 256, 256));
  assert.deepEqual(mode.paint(canvas, given), [
    "mean 0.50 m",
    "min 0.00 m, max 1.00 m; to A where it is up to 80 m, no crop: 2 pixels",
  ]);
  assert.deepEqual([...canvas.pixels], [44, 58, 112, 255, 0, 0, 0, 0, 250, 246, 176, 255]);
  const apart = scene({ diff: 1 }, B, depths(0), depths(256));
  assert.deepEqual(apart.mode.paint(canvas, apart.given), [
    "no pixel in common",
    "to A where it is up to 80 m, no crop: 0 pixels",
  ]);
});

test("depth beyond the range has colours of its own", () => {
  const canvas = fakeCanvas();
  const { mode, given } = scene(
    { cmap: "grey_r", range: [1, 2], spread: "linear" },
    A,
    depths(255, 256, 512, 513),
  );
  mode.paint(canvas, given);
  const { under, over } = beyondColors("grey_r");
  assert.deepEqual([...canvas.pixels], [...under, 255, 255, 255, 255, 255, 0, 0, 0, 255, ...over, 255]);
});

test("a change of colours doesn't compute a difference again", () => {
  const [own, reference] = [depths(256, 512), depths(256, 256)];
  const canvas = fakeCanvas();
  const paint = (view) => {
    const { mode, given } = scene({ diff: 1, ...view }, B, own, reference);
    mode.paint(canvas, given);
    return [...canvas.pixels];
  };
  const before = paint({ diffMax: 1 });
  own.values.fill(0); // what was computed stays, so a change of the pictures is not seen
  assert.deepEqual(paint({ diffMax: 1 }), before);
  assert.notDeepEqual(paint({ diffMax: 1, zero: "light" }), before);
  assert.equal(paint({ diffMax: 5 })[3], 255);
});

test("depth that is cut off at pixels that don't count leaves the statistics of a difference as they are", () => {
  const notes = (view, own, reference) => {
    const { mode, given } = scene({ diff: 1, ...view }, B, own, reference);
    return mode.paint(fakeCanvas(), given).map((note) => note.split(";")[0]);
  };
  const exact = ["mean 1.00 m", "min 1.00 m, max 1.00 m"];
  assert.deepEqual(notes({}, depths(65535, 512), depths(0, 256)), exact, "a has no depth there");
  assert.deepEqual(
    notes({ box: [1, 0, 1, 1] }, depths(65535, 512), depths(256, 256)),
    exact,
    "beside the box",
  );
  assert.deepEqual(
    notes({ cap: [0.001, 80] }, depths(256, 512), depths(65535, 256)),
    exact,
    "beyond the cap",
  );
  const cut = ["mean ≥ 127.99 m", "min ≥ 1.00 m, max ≥ 254.99 m"];
  assert.deepEqual(notes({}, depths(65535, 512), depths(256, 256)), cut);
});

test("a signed difference has its dark zero in the middle", () => {
  const canvas = fakeCanvas();
  const { mode, given } = scene({ diff: 1, diffMax: 1, signed: true }, B, depths(1, 513), depths(257, 257));
  assert.deepEqual(mode.paint(canvas, given), [
    "mean 0.00 m",
    "min −1.00 m, max +1.00 m; to A where it is up to 80 m, no crop: 2 pixels",
  ]);
  assert.deepEqual([...canvas.pixels], [176, 232, 255, 255, 255, 218, 140, 255]);
});

test("pictures without metres keep their colours, and their difference is |ΔRGB|", () => {
  const canvas = fakeCanvas();
  const [own, other] = [colors([9, 9, 9]), colors([4, 9, 255])];
  const plain = scene({}, P, own);
  assert.deepEqual(plain.mode.paint(canvas, plain.given), ["", "colours only"]);
  assert.deepEqual([...canvas.pixels], [9, 9, 9, 255]);
  const compared = scene({ diff: 4 }, Q, own, other);
  assert.deepEqual(compared.mode.paint(canvas, compared.given), ["mean |ΔRGB| 83.7", "min 0, max 246"]);
  assert.deepEqual([...canvas.pixels], [5, 0, 246, 255]);
});

test("pictures that can't be compared say why", () => {
  const sizes = scene({ diff: 1 }, B, depths(1, 2), depths(1));
  assert.equal(sizes.mode.refusal(sizes.given), "this picture is 2 × 1, A is 1 × 1");
  const units = scene({ diff: 1 }, P, colors([0, 0, 0]), depths(1));
  assert.equal(units.mode.refusal(units.given), "this picture and A are not both in metres");
  const fine = scene({ diff: 1 }, B, depths(1), depths(1));
  assert.equal(fine.mode.refusal(fine.given), null);
  const colorSizes = scene({ diff: 4 }, Q, colors([0, 0, 0]), colors([0, 0, 0], [0, 0, 0]));
  assert.match(colorSizes.mode.refusal(colorSizes.given), /1 × 1, P is 2 × 1/);
});

test("a look changes with what painting depends on, and with nothing else", () => {
  const look = (view) => JSON.stringify(modeFor(stateOf(view), B).look(stateOf(view)));
  assert.notEqual(look({}), look({ cmap: "turbo_r" }));
  assert.notEqual(look({ diff: 1 }), look({ diff: 1, signed: true }));
  assert.notEqual(look({ diff: 1 }), look({ diff: 1, zero: "light" }));
  assert.equal(look({}), look({ theme: "dark", index: 2, columns: 3 }));
});

test("saved pictures are called after what they show", () => {
  const title = (name, ids) => MODES.find((mode) => mode.name === name).title(ids);
  assert.equal(title("photo", ["image"]), "image");
  assert.equal(title("depth", ["a"]), "a");
  assert.equal(title("difference", ["b", "a"]), "b minus a");
  assert.equal(title("color-difference", ["q", "p"]), "q minus p");
});

/** The legends of all modes by the bar that they claim. */
function legends(view, methods) {
  const state = stateOf(view, gallery({ methods }));
  return MODES.flatMap((mode) => mode.legend(state) ?? []);
}

test("the bars say their scale in metres", () => {
  const [depth, diff, ...more] = legends({ spread: "linear" }, [A, B]);
  const scale = { cmap: "magma_r", min: 0.001, max: 80, spread: "linear" };
  assert.deepEqual(depth, {
    bar: "depth",
    what: "depth",
    ends: ["near", "far"],
    unit: "metres",
    scale,
    active: true,
  });
  const apart = { cmap: "apart", min: 0, max: 10, spread: "linear" };
  assert.deepEqual(diff, {
    bar: "diff",
    what: "difference",
    ends: ["same", "apart"],
    unit: "metres",
    scale: apart,
    active: false,
  });
  assert.deepEqual(more, []);
  const [, signed] = legends({ diff: 1, signed: true, diffMax: 5 }, [A, B]);
  assert.deepEqual(signed.scale, { cmap: "signed", min: -5, max: 5, spread: "linear" });
  assert.deepEqual(signed.ends, ["nearer", "farther"]);
  assert.equal(signed.active, true);
});

test("a difference of colours has the levels of a channel on its bar, and is explained only while it is on show", () => {
  const active = (view) =>
    legends(view, [A, P, Q]).findLast((legend) => legend.active && legend.bar === "diff");
  assert.equal(active({ diff: 1 }).unit, "metres");
  const { unit, scale } = active({ diff: 2 });
  assert.deepEqual([unit, scale.min, scale.max], ["|ΔRGB|", 0, 255]);
  const noted = (view) => legends(view, [A, P, Q]).some(({ note }) => note);
  assert.equal(noted({}), true);
  assert.equal(noted({ targets: ["a"] }), false);
});

test("a gallery without metres has words instead of bars, a mixed one has both", () => {
  const [words, ...none] = legends({}, [P, Q]);
  assert.match(words.note, /^These pictures hold colours, not metres/);
  assert.deepEqual(none, []);
  const mixed = legends({}, [A, P]);
  assert.deepEqual(
    mixed.map((legend) => legend.bar),
    ["depth", "diff", undefined],
  );
  assert.match(mixed[2].note, /“colours only”/);
});
