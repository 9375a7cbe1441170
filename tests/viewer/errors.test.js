/**
 * The comparing modes beside the difference: their arithmetic, what they read, paint and say.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES, modeFor } from "../../static/viewer/modes/index.js";
import { deltaWords, percent, relativeWords } from "../../static/viewer/modes/ratio-words.js";
import { openGain } from "../../static/viewer/paint/bounds.js";
import { colorTable } from "../../static/viewer/paint/colormaps.js";
import { NO_DIFFERENCE } from "../../static/viewer/paint/depth.js";
import * as errors from "../../static/viewer/paint/errors.js";
import { fakeCanvas, depths, gallery, method, stateOf } from "./kit.js";

const A = method("a");
const TRUTH = method("gt", { family: "ground_truth" });
const BASE = method("base", { family: "baseline" });
const P = method("p", { unit: "rgb" });
const scored = gallery({ methods: [A, TRUTH, BASE, P] });

/** The mode of a method's pane, and what it works on. */
function scene(view, of, ...pictures) {
  const state = stateOf(view, scored);
  const mode = modeFor(state, of);
  return { mode, given: { methods: mode.needs(state, of), pictures, look: mode.look(state) } };
}
const texts = ({ mode, given }) =>
  Array.from({ length: given.pictures[0].width }, (_, x) => mode.read(given, x, 0).text);
const painted = ({ mode, given }) => {
  const canvas = fakeCanvas();
  const notes = mode.paint(canvas, given);
  return { notes, pixels: [...canvas.pixels] };
};

test("each pane has its mode, and what can't have it keeps its own", () => {
  const names = (view) => [A, TRUTH, BASE, P].map((of) => modeFor(stateOf(view, scored), of).name);
  assert.deepEqual(names({ mode: "relative", diff: 2 }), ["relative", "depth", "relative", "relative"]);
  assert.deepEqual(names({ mode: "delta1", diff: 1 }), ["depth", "delta1", "delta1", "delta1"]);
  assert.deepEqual(names({ mode: "error" }), ["error", "depth", "error", "colors"]);
  assert.deepEqual(names({ mode: "gain" }), ["gain", "depth", "depth", "colors"]);
  assert.deepEqual(names({ mode: "gain", reference: 1 }), ["depth", "depth", "gain", "colors"]);
  assert.deepEqual(names({ mode: "relative", diff: 4 }), [
    "difference",
    "difference",
    "difference",
    "colors",
  ]);
});

test("a relative difference is a share of the reference, and ends at twice as far", () => {
  const found = errors.relativeDifference(depths(256, 0, 300, 256, 65535), depths(320, 5, 0, 1024, 1));
  assert.deepEqual([...found], [16384, errors.NO_RATIO, errors.NO_RATIO, 65536, -65535]);
});

test("the classes of δ have strict bounds", () => {
  const found = errors.deltaClasses(depths(4, 4000, 0, 16, 64, 65, 5), depths(5, 4999, 9, 25, 125, 126, 4));
  assert.deepEqual([...found], [2, 1, 0, 3, 4, 3, 2]);
});

test("a gain is what the baseline is farther off", () => {
  const [base, truth, own] = [depths(300, 1, 0, 9), depths(256, 9, 5, 0), depths(250, 20, 5, 9)];
  assert.deepEqual([...errors.depthGain(base, truth, own)], [38, -3, NO_DIFFERENCE, NO_DIFFERENCE]);
});

test("statistics count the pixels of the box whose reference lies strictly within the cap", () => {
  const reference = { ...depths(256, 512, 768, 1024, 1280, 1536), width: 3, height: 2 };
  const values = Int32Array.of(1, 2, 3, 4, NO_DIFFERENCE, 6);
  const count = (cap, box = { left: 0, top: 0, width: 3, height: 2 }) =>
    errors.countedStatistics(values, NO_DIFFERENCE, 2, { reference, box, cap });
  assert.deepEqual(count([0.001, 80]), { min: 0.5, mean: 1.6, max: 3, count: 5 });
  assert.deepEqual(count([1, 6]), { min: 1, mean: 1.5, max: 2, count: 3 });
  assert.deepEqual(count([0.001, 80], { left: 1, top: 0, width: 1, height: 2 }).count, 1);
  assert.equal(count([9, 80]), null);
  assert.deepEqual(errors.storedCap([0.001, 300]), { first: 1, last: 65535 });
});

test("shares and factors are read as far as they are known", () => {
  const [exact, decoded] = [null, { saturated_m: 79.7, precision_m: 0.156 }];
  assert.equal(relativeWords([12, 10], [exact, exact]), "+20.0 %");
  assert.equal(relativeWords([10, 12], [exact, exact]), "−16.7 %");
  assert.equal(relativeWords([10, 10], [decoded, exact]), "0.0 ±1.6 %");
  assert.equal(relativeWords([79.84, 40], [decoded, exact]), "≥ +99.3 %");
  assert.equal(relativeWords([40, 79.84], [exact, decoded]), "≤ −49.8 %");
  assert.equal(relativeWords([79.84, 79.84], [decoded, decoded]), "unknown: cut off");
  assert.equal(relativeWords([NaN, 1], [exact, exact]), "no data");
  assert.equal(deltaWords([12, 10], [exact, exact]), "× 1.20 (< 1.25)");
  assert.equal(deltaWords([10, 12.5], [exact, exact]), "× 1.25 (≥ 1.25)");
  assert.equal(deltaWords([79.84, 40], [decoded, exact]), "× ≥ 2.00 (≥ 1.25)");
  assert.equal(deltaWords([79.84, 79], [decoded, exact]), "unknown: cut off");
  assert.equal(deltaWords([1, NaN], [exact, exact]), "no data");
  assert.equal(percent(-0.0001), "0.0 %");
});

test("a relative difference is painted on a signed scale, and its mean says what it counts", () => {
  const shown = scene(
    { mode: "relative", diff: 2, reference: 2 },
    A,
    depths(256, 0, 384, 300),
    depths(256, 9, 256, 200),
  );
  assert.deepEqual(texts(shown), ["0.0 %", "no data", "+50.0 %", "+50.0 %"]);
  const { notes, pixels } = painted(shown);
  assert.deepEqual(notes, [
    "mean +33.3 %",
    "min 0.0 %, max +50.0 %; to GT where it is up to 80 m, no crop: 3 pixels",
  ]);
  const table = colorTable("signed");
  assert.deepEqual(pixels.slice(0, 4), [...table.subarray(384, 387), 255]);
  assert.deepEqual(pixels.slice(4, 8), [0, 0, 0, 0]);
  assert.deepEqual(pixels.slice(8, 12), [...table.subarray(765, 768), 255]);
});

test("statistics of a relative difference are those of the depths, also beyond the ends of its colours", () => {
  const shown = scene({ mode: "relative", diff: 2 }, A, depths(256, 2560, 0), depths(256, 256, 256));
  const { notes } = painted(shown);
  assert.deepEqual(notes, [
    "mean +450.0 %",
    "min 0.0 %, max +900.0 %; to GT where it is up to 80 m, no crop: 2 pixels",
  ]);
});

test("statistics say which way they may be off where depth is cut off", () => {
  const note = (view, ...pictures) => painted(scene(view, A, ...pictures)).notes[0];
  const relative = { mode: "relative", diff: 2, cap: [0.001, 300] };
  const far = 65535;
  assert.equal(note(relative, depths(far, 512), depths(32768, 512)), "mean ≥ +50.0 %");
  assert.equal(note(relative, depths(32767, 512), depths(far, 512)), "mean ≤ −25.0 %");
  assert.equal(note(relative, depths(far, 512), depths(512, far)), "mean unknown: cut off");
  assert.equal(note(relative, depths(far, 512, 0), depths(0, 512, far)), "mean 0.0 %", "they don't count");
  const gain = { mode: "gain", cap: [0.001, 300] };
  assert.equal(note(gain, depths(far), depths(256), depths(255)), "mean ≤ −254.99 m");
  assert.equal(note(gain, depths(256), depths(far), depths(255)), "mean ≥ +254.99 m");
  assert.equal(note(gain, depths(far), depths(far), depths(256)), "mean unknown: cut off");
  assert.equal(note(gain, depths(512), depths(256), depths(far)), "mean +1.00 m", "however far the truth is");
  const known = { mode: "gain", cap: [0.001, 80] };
  assert.equal(note(known, depths(512, far), depths(768, 9), depths(256, far)), "mean +1.00 m");
});

test("which way a gain is open follows from where the truth lies", () => {
  const box = { left: 0, top: 0, width: 1, height: 1 };
  const open = (b, a, t, ends) => {
    const pictures = [depths(b), depths(a), depths(t)];
    const { above, below } = openGain(pictures, ends, { reference: pictures[2], box, cap: [0.001, 300] });
    return [above, below];
  };
  const none = 70000;
  assert.deepEqual(open(100, 50, 70, [100, none, none]), [false, true]);
  assert.deepEqual(open(100, 50, 120, [100, none, none]), [true, true]);
  assert.deepEqual(open(50, 100, 120, [none, 100, none]), [true, true]);
  assert.deepEqual(open(90, 200, 150, [none, none, 150]), [false, true], "the gain falls to −110");
  assert.deepEqual(open(200, 90, 150, [none, none, 150]), [true, false]);
  assert.deepEqual(open(100, 100, 70, [none, none, none]), [false, false]);
});

test("readings beyond the ends of the colours say so", () => {
  const relative = scene({ mode: "relative", diff: 2 }, A, depths(512, 128, 64), depths(256, 256, 256));
  assert.deepEqual(texts(relative), ["+100.0 % (> 50 %)", "−50.0 %", "−75.0 % (< −50 %)"]);
  const gain = scene({ mode: "gain", diffMax: 1 }, A, depths(256, 1024), depths(1024, 256), depths(256, 256));
  assert.deepEqual(texts(gain), ["gain +3.00 m (> 1 m)", "gain −3.00 m (< −1 m)"]);
});

test("the mask of δ has a colour for each class, and says the shares", () => {
  const shown = scene(
    { mode: "delta1", diff: 2, reference: 2, box: [0, 0, 4, 1] },
    A,
    depths(256, 0, 384, 900, 256),
    depths(256, 9, 256, 256, 256),
  );
  const { notes, pixels } = painted(shown);
  assert.deepEqual(notes, [
    "δ < 1.25: 33.3 %",
    "< 1.25²: 66.7 %, < 1.25³: 66.7 %; to GT where it is up to 80 m, box 4 × 1 at 0, 0: 3 pixels",
  ]);
  const table = colorTable("delta");
  const color = (quarter) => [...table.subarray(192 * quarter, 192 * quarter + 3), 255];
  assert.deepEqual(pixels, [...color(0), 0, 0, 0, 0, ...color(1), ...color(3), ...color(0)]);
});

test("an error is the difference to the truth, with the sign that differences have", () => {
  const pictures = [depths(256, 0, 512), depths(384, 256, 256)];
  const absolute = scene({ mode: "error", diffMax: 1 }, A, ...pictures);
  assert.deepEqual(texts(absolute), ["Δ 0.50 m", "no data", "Δ 1.00 m"]);
  assert.deepEqual(painted(absolute).notes[0], "mean 0.75 m");
  const signed = scene({ mode: "error", signed: true }, A, ...pictures);
  assert.deepEqual(texts(signed), ["Δ −0.50 m", "no data", "Δ +1.00 m"]);
  assert.deepEqual(
    signed.given.methods.map(({ id }) => id),
    ["a", "gt"],
  );
});

test("a gain is read, painted and counted from three pictures", () => {
  const shown = scene(
    { mode: "gain", diffMax: 1 },
    A,
    depths(256, 256, 0),
    depths(512, 256, 9),
    depths(256, 512, 9),
  );
  assert.deepEqual(
    shown.given.methods.map(({ id }) => id),
    ["a", "base", "gt"],
  );
  assert.deepEqual(texts(shown), ["gain +1.00 m", "gain 0.00 m", "no data"]);
  assert.deepEqual(painted(shown).notes, [
    "mean +0.50 m",
    "min 0.00 m, max +1.00 m; to GT where it is up to 80 m, no crop: 2 pixels",
  ]);
  const cut = scene({ mode: "gain" }, A, depths(65535), depths(512), depths(256));
  assert.deepEqual(texts(cut), ["gain unknown: cut off"]);
  const sizes = scene({ mode: "gain" }, A, depths(1, 2), depths(1, 2), depths(1));
  assert.equal(sizes.mode.refusal(sizes.given), "this picture is 2 × 1, GT is 1 × 1");
});

test("each mode has the second bar while it is on", () => {
  const bars = (view) =>
    MODES.flatMap((mode) => mode.legend(stateOf(view, scored)) ?? [])
      .filter((legend) => legend.bar === "diff" && legend.active)
      .map(({ what, unit }) => [what, unit]);
  assert.deepEqual(bars({}), []);
  assert.deepEqual(bars({ mode: "relative", diff: 1 }).at(-1), ["relative difference", "of a"]);
  assert.deepEqual(bars({ mode: "delta1", diff: 1 }).at(-1), ["the factor between a and b", "times"]);
  assert.deepEqual(bars({ mode: "error" }), [["error", "metres"]]);
  assert.deepEqual(bars({ mode: "gain" }), [["gain over BASE", "metres"]]);
});

test("a baseline that is not on show is named beside the bars", () => {
  const gain = MODES.find((mode) => mode.name === "gain");
  const note = (view) => gain.legend(stateOf({ mode: "gain", ...view }, scored)).note;
  assert.equal(note({}), undefined, "its pane says what it is");
  assert.equal(note({ targets: ["a", "gt"] }), "The baseline is BASE.");
});

test("saved pictures are called after what they show", () => {
  const title = (name, ids) => MODES.find((mode) => mode.name === name).title(ids);
  assert.equal(title("relative", ["a", "b"]), "a relative to b");
  assert.equal(title("delta1", ["a", "b"]), "a within 1.25 of b");
  assert.equal(title("error", ["a", "gt"]), "error of a against gt");
  assert.equal(title("gain", ["a", "base", "gt"]), "gain of a over base");
});
