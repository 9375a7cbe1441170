import assert from "node:assert/strict";
import { test } from "node:test";

import { boxOf } from "../../static/viewer/paint/boxes.js";
import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";
import { reduce } from "../../static/viewer/state/reducer.js";
import * as selectors from "../../static/viewer/state/selectors.js";
import { formatView, parseView } from "../../static/viewer/state/url.js";
import { depths, gallery, method, stateOf } from "./kit.js";

const TRUTH = method("gt", { family: "ground_truth" });
const BASE = method("base", { family: "baseline" });
const [A, B] = [method("a"), method("b")];
/** Four methods in metres: a, the truth, the baseline, b. */
const scored = (more = {}) => gallery({ methods: [A, TRUTH, BASE, B], ...more });

const set = (change) => ({ type: "view/set", change });
const digit = (target) => ({ type: "diff/toggle", target });
const toggle = (mode) => ({ type: "mode/toggle", mode });
/** The comparison of a view after some actions. */
function after(start, ...actions) {
  const { mode, diff, signed, reference } = actions.reduce(reduce, stateOf(start, scored())).view;
  return { mode, diff, signed, reference };
}
const comparison = (mode, diff = 0, more = {}) => ({ mode, diff, signed: false, reference: 0, ...more });
/** What a link means once its gallery is open. */
function opened(query, of = scored()) {
  const restored = reduce(stateOf({}, of), {
    type: "view/restore",
    view: { ...parseView(query), gallery: of.id },
  });
  return restored;
}
const linked = (query, of) => {
  const { mode, diff, signed, reference } = opened(query, of).view;
  return { mode, diff, signed, reference };
};

test("old links mean the difference that they meant, with or without sign", () => {
  assert.deepEqual(linked("?diff=2"), comparison("absolute", 2));
  assert.deepEqual(linked("?diff=2&signed=1"), comparison("signed", 2, { signed: true }));
  assert.deepEqual(linked("?signed=1"), comparison("depth", 0, { signed: true }));
  assert.deepEqual(linked("?diff=9"), comparison("depth"), "no such method");
});

test("a mode without a number compares with the kept reference, else with the truth, else with the first", () => {
  assert.deepEqual(linked("?mode=absolute"), comparison("absolute", 2));
  assert.deepEqual(linked("?mode=absolute&ref=4"), comparison("absolute", 4, { reference: 4 }));
  assert.deepEqual(linked("?mode=absolute", gallery()), comparison("absolute", 1));
  assert.deepEqual(linked("?mode=signed&diff=3"), comparison("signed", 3, { signed: true }));
  assert.deepEqual(linked("?mode=absolute&diff=3&signed=1"), comparison("absolute", 3));
});

test("what the address says of a comparison is read back as it was", () => {
  for (const query of [
    "?diff=2&signed=1",
    "?mode=relative&ref=3",
    "?mode=error&signed=1",
    "?mode=gain&ref=1",
  ]) {
    const { view } = opened(query);
    assert.deepEqual(opened(formatView(view)).view, view, query);
  }
});

test("digits turn a difference on, change what it compares with, and turn it off", () => {
  assert.deepEqual(after({}, digit(2)), comparison("absolute", 2));
  assert.deepEqual(after({ signed: true }, digit(2)), comparison("signed", 2, { signed: true }));
  assert.deepEqual(after({}, digit(2), digit(3)), comparison("absolute", 3));
  assert.deepEqual(after({}, digit(2), digit(2)), comparison("depth"));
  assert.deepEqual(after({}, toggle("error"), digit(1)), comparison("absolute", 1));
  const relative = after({}, toggle("relative"), digit(4));
  assert.deepEqual(relative, comparison("relative", 4, { reference: 4 }));
  assert.deepEqual(
    after({}, toggle("relative"), digit(4), digit(4)),
    comparison("depth", 0, { reference: 4 }),
  );
});

test("relative and δ compare with the kept reference, and an absolute difference does not", () => {
  assert.deepEqual(after({ reference: 3 }, toggle("relative")), comparison("relative", 3, { reference: 3 }));
  assert.deepEqual(after({}, digit(4), toggle("delta1")), comparison("delta1", 4, { reference: 4 }));
  const kept = after({}, digit(4), set({ reference: 3 }));
  assert.deepEqual(kept, comparison("absolute", 4, { reference: 3 }), "the mode stays");
  const both = after({}, digit(4), set({ reference: 3 }), toggle("relative"));
  assert.deepEqual(both, comparison("relative", 3, { reference: 3 }));
  const changed = after({}, toggle("relative"), set({ reference: 1 }));
  assert.deepEqual(changed, comparison("relative", 1, { reference: 1 }));
  assert.deepEqual(after({ reference: 3 }, toggle("gain")), comparison("gain", 0, { reference: 3 }));
});

test("the sign belongs to the two differences, and stays with errors", () => {
  assert.deepEqual(after({}, digit(2), set({ signed: true })), comparison("signed", 2, { signed: true }));
  assert.deepEqual(after({}, digit(2), set({ mode: "signed" })), comparison("signed", 2, { signed: true }));
  const back = after({}, digit(2), set({ mode: "signed" }), set({ mode: "absolute" }));
  assert.deepEqual(back, comparison("absolute", 2));
  assert.deepEqual(
    after({}, toggle("error"), set({ signed: true })),
    comparison("error", 0, { signed: true }),
  );
  const together = after({}, digit(2), set({ diff: 3, signed: true }));
  assert.deepEqual(together, comparison("signed", 3, { signed: true }));
});

test("of several changes at once the mode decides", () => {
  assert.deepEqual(after({}, set({ mode: "error", diff: 2 })), comparison("error"));
  assert.deepEqual(after({}, digit(2), set({ mode: "depth", diff: 3 })), comparison("depth"));
  const both = after({}, set({ mode: "relative", diff: 4 }));
  assert.deepEqual(both, comparison("relative", 4, { reference: 4 }));
  const { view } = stateOf({}, scored());
  assert.deepEqual(after({}, set({ ...view, diff: 3 })), comparison("absolute", 3), "a whole view");
});

test("numbers follow their methods when others come and go", () => {
  const start = { mode: "relative", diff: 4, reference: 4 };
  const targets = (names) => ({ type: "targets/set", targets: names });
  assert.deepEqual(after(start, targets(["b", "a"])), comparison("relative", 1, { reference: 1 }));
  assert.deepEqual(after(start, targets(["a", "gt"])), comparison("depth"));
});

test("without truth there is no error and no gain", () => {
  for (const mode of ["error", "gain"]) {
    assert.equal(opened(`?mode=${mode}&ref=1`, gallery()).view.mode, "depth");
    assert.equal(opened(`?mode=${mode}&ref=1&truth=b`, gallery()).view.mode, mode, "a chosen truth will do");
    assert.match(selectors.missingFor(stateOf({ reference: 1 }, gallery()), mode), /no ground truth/);
  }
});

test("without a baseline there is no gain: no other method is taken for one", () => {
  const bare = gallery({ methods: [A, TRUTH, B] });
  const missing = (view, of = bare) => selectors.missingFor(stateOf(view, of), "gain");
  assert.equal(opened("?mode=gain", bare).view.mode, "depth");
  assert.equal(opened("?mode=gain&ref=2", bare).view.mode, "depth", "the truth is no baseline");
  assert.equal(opened("?mode=gain&ref=3", bare).view.mode, "gain");
  assert.equal(selectors.baselineOf(stateOf({}, bare)), null);
  assert.equal(missing({}), "Gain needs a baseline. Keep a method as one with Shift and its number.");
  assert.equal(missing({ reference: 1 }), null);
  assert.equal(missing({}, scored()), null);
  assert.equal(selectors.missingFor(stateOf({}, bare), "error"), null);
});

test("the truth is the chosen method, else the first of its family, in metres", () => {
  const truth = (view, of = scored()) => selectors.truthOf(stateOf(view, of))?.id;
  assert.equal(truth({}), "gt");
  assert.equal(truth({ truth: "b" }), "b");
  assert.equal(truth({ targets: ["a"] }), "gt", "it need not be on show");
  assert.equal(truth({}, gallery()), undefined);
  const inColours = gallery({ methods: [A, method("gt", { family: "ground_truth", unit: "rgb" })] });
  assert.equal(truth({}, inColours), undefined);
  assert.equal(opened("?truth=nobody").view.truth, null);
});

test("each mode has its reference", () => {
  const reference = (view) => selectors.referenceOf(stateOf(view, scored()))?.id ?? null;
  assert.equal(reference({}), null);
  assert.equal(reference({ mode: "absolute", diff: 4 }), "b");
  assert.equal(reference({ mode: "error" }), "gt");
  assert.equal(reference({ mode: "gain" }), "base");
  assert.equal(reference({ mode: "gain", reference: 1 }), "a");
  assert.equal(reference({ mode: "gain", reference: 2 }), "base", "the truth is no baseline");
  assert.equal(reference({ mode: "gain", targets: ["b", "gt"] }), "base", "it need not be on show");
});

test("numbers are measured against the truth, else against the chosen reference", () => {
  const against = (view, of) => selectors.measuredAgainst(stateOf(view, of))?.id ?? null;
  assert.equal(against({ diff: 4, mode: "absolute" }, scored()), "gt");
  assert.equal(against({}, gallery()), null);
  assert.equal(against({ reference: 2 }, gallery()), "b");
  assert.equal(against({ reference: 2, diff: 3, mode: "absolute" }, gallery()), "c");
  assert.equal(against({ diff: 4, mode: "absolute" }, gallery()), null, "colours are no measure");
});

test("the crops are those of tiekd eval", () => {
  const box = (left, top, width, height) => ({ left, top, width, height });
  assert.deepEqual(boxOf("garg", { width: 1242, height: 375 }), box(44, 153, 1153, 218));
  assert.deepEqual(boxOf("eigen", { width: 1216, height: 352 }), box(43, 117, 1129, 204));
  assert.deepEqual(boxOf("eigen", { width: 640, height: 480 }), box(41, 45, 560, 426));
  assert.deepEqual(boxOf("none", { width: 7, height: 5 }), box(0, 0, 7, 5));
  assert.deepEqual(
    boxOf("none", depths(1, 2)),
    box(0, 0, 2, 1),
    "pixels of a picture are no part of its box",
  );
  assert.deepEqual(boxOf([6, 1, 4, 2], { width: 7, height: 5 }), box(6, 1, 1, 2));
  assert.deepEqual(boxOf([9, 1, 4, 2], { width: 7, height: 5 }), box(9, 1, 0, 2));
});

test("box and cap are named; unless chosen otherwise all pixels of the gallery's range count", () => {
  const of = (view) => selectors.statBoxOf(stateOf(view), { width: 100, height: 40 });
  assert.deepEqual(of({}), {
    box: { left: 0, top: 0, width: 100, height: 40 },
    cap: [0.001, 80],
    words: "≤ 80 m",
    long: "no crop, up to 80 m",
    crop: "no crop",
    depths: "up to 80 m",
  });
  assert.equal(of({ box: "garg", cap: [2, 50] }).words, "Garg 2–50 m");
  assert.equal(of({ box: "garg", cap: [2, 50] }).long, "Garg's crop, 2 to 50 m");
  assert.equal(of({ box: [1, 2, 30, 4] }).words, "box ≤ 80 m");
  assert.equal(of({ box: [1, 2, 30, 4] }).long, "box 30 × 4 at 1, 2, up to 80 m");
  assert.deepEqual(opened("?box=90,30,40,40").view.box, [90, 30, 10, 10], "inside the frame");
  assert.equal(opened("?box=100,0,4,4").view.box, "none");
  assert.equal(DEFAULT_VIEW.box, "none");
});

test("a pane says in the words of the formulas what it is to the others", () => {
  const roles = (view) => [A, TRUTH, BASE, B].map((each) => selectors.roleOf(stateOf(view, scored()), each));
  assert.deepEqual(roles({ mode: "absolute", diff: 1 }), ["reference a", "", "", ""]);
  assert.deepEqual(roles({ mode: "error", reference: 4 }), ["", "t", "", "kept reference"]);
  assert.deepEqual(roles({ mode: "gain" }), ["", "t", "baseline a", ""]);
  assert.deepEqual(roles({ mode: "error", truth: "b" }), ["", "", "", "ground truth t"]);
});

test("methods that come while the page is open leave the comparison with the same methods", () => {
  const came = method("lidar", { family: "ground_truth" });
  const changed = (view, methods) =>
    reduce(stateOf(view, scored()), { type: "gallery/changed", gallery: scored({ methods }) }).view;
  const more = [came, method("new"), A, TRUTH, BASE, B];
  const compared = changed({ mode: "relative", diff: 3, reference: 3 }, more);
  assert.deepEqual([compared.mode, compared.diff, compared.reference], ["relative", 5, 5]);
  assert.deepEqual(changed({ mode: "absolute", diff: 4 }, more).diff, 6);
  assert.equal(changed({ mode: "error" }, more).truth, "gt", "the usual one would be another now");
  assert.equal(changed({ truth: "b" }, more).truth, "b");
  assert.equal(changed({}, [TRUTH, ...more]).truth, null, "still the usual one");
  const gone = changed({ mode: "absolute", diff: 3, reference: 4 }, [A, TRUTH, B]);
  assert.deepEqual([gone.mode, gone.diff, gone.reference], ["depth", 0, 3]);
  const chosen = changed({ targets: ["b", "a"], mode: "absolute", diff: 2 }, more);
  assert.deepEqual([chosen.targets, chosen.diff], [["b", "a"], 2]);
});
