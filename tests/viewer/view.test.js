import assert from "node:assert/strict";
import { test } from "node:test";

import { changedFields, DEFAULT_VIEW, hooksOf, isStep, staying } from "../../static/viewer/state/fields.js";
import { formatView, parseView } from "../../static/viewer/state/url.js";

const view = (change) => ({ ...DEFAULT_VIEW, ...change });

/**
 * What each field has to be: its default, another value and how the address writes that one. `step`: the Back
 * button returns from it. `personal`: an address may name it, but is not written with it. `stays`: on which occasions it keeps its value. `hook`: it stands on the page's root.
 */
const KNOWN = {
  gallery: { initial: null, other: "a & b", text: "gallery=a%20%26%20b", step: true },
  index: { initial: 0, other: 12, text: "index=12", step: true, hook: true },
  targets: {
    initial: [],
    other: ["x*y", "p,q", "ü %"],
    text: "targets=x%2Ay*p%2Cq*%C3%BC%20%25",
    step: true,
  },
  indexes: { initial: null, other: [0, 7], text: "indexes=0*7", step: true },
  sources: {
    initial: {},
    other: { "a=b*c": "scale=1000,label=100 %25 %2C+& x", d: "truth" },
    text: "as=a%3Db%2Ac=scale=1000,label=100%20%2525%20%252C%2B%26%20x*d=truth",
    stays: ["link"],
  },
  sort: { initial: "name", other: "worst", text: "sort=worst", hook: true },
  filter: { initial: "", other: "a&b >0.1", text: "filter=a%26b%20%3E0.1" },
  metric: { initial: "abs_rel", other: "rmse", text: "metric=rmse", stays: ["gallery", "link"] },
  by: { initial: null, other: "a*b", text: "by=a%2Ab" },
  strip: { initial: "on", other: "off", text: "strip=off", stays: ["gallery", "link"] },
  truth: { initial: null, other: "x*y", text: "truth=x%2Ay" },
  reference: { initial: 0, other: 2, text: "ref=2" },
  mode: { initial: "depth", other: "relative", text: "mode=relative", step: true, hook: true },
  diff: { initial: 0, other: 3, text: "diff=3", step: true, hook: true },
  signed: { initial: false, other: true, text: "signed=1", stays: ["gallery"] },
  zero: { initial: "dark", other: "light", text: "zero=light", stays: ["gallery", "link"] },
  box: { initial: "none", other: [3, 0, 40, 20], text: "box=3,0,40,20", stays: ["gallery", "link"] },
  cap: { initial: null, other: [0.001, 50], text: "cap=0.001..50", stays: ["link"] },
  cmap: { initial: "magma_r", other: "grey_r", text: "cmap=grey_r", stays: ["gallery", "link"] },
  spread: { initial: "auto", other: "linear", text: "spread=linear", stays: ["gallery", "link"] },
  range: { initial: null, other: [0, 12.5], text: "range=0..12.5", stays: ["link"] },
  diffMax: { initial: null, other: 0.25, text: "diffmax=0.25", stays: ["link"] },
  columns: { initial: 0, other: 2, text: "columns=2", stays: ["gallery", "link"] },
  theme: {
    initial: "auto",
    other: "dark",
    text: "theme=dark",
    stays: ["gallery", "link"],
    personal: true,
    hook: true,
  },
  pixel: { initial: null, other: [0, 0], text: "pixel=0,0" },
  layout: {
    initial: "grid",
    other: "split",
    text: "layout=split",
    step: true,
    stays: ["gallery", "link"],
    hook: true,
  },
  focus: { initial: null, other: "a & b", text: "focus=a%20%26%20b" },
  beside: { initial: null, other: "x*y", text: "beside=x%2Ay" },
  divide: { initial: 0.5, other: 0, text: "divide=0", stays: ["gallery", "link"] },
  opacity: { initial: 0.6, other: 1, text: "opacity=1", stays: ["gallery", "link"] },
  zoom: { initial: "fit", other: 2.5, text: "zoom=2.5", hook: true },
  at: { initial: null, other: [610.5, 0], text: "at=610.5,0" },
  panel: { initial: "none", other: "table", text: "panel=table", stays: ["gallery", "link"] },
  axis: { initial: "linear", other: "log", text: "axis=log", stays: ["gallery", "link"] },
};

/** The view in which every field has its other value. */
const OTHER = Object.fromEntries(Object.entries(KNOWN).map(([name, { other }]) => [name, other]));

/** Names of the fields for which `suit` holds, in order. */
const fieldsThat = (suit) => Object.keys(KNOWN).filter((name) => suit(KNOWN[name]));

test("every field is known, and the defaults are these", () => {
  const initial = Object.fromEntries(Object.entries(KNOWN).map(([name, field]) => [name, field.initial]));
  assert.deepEqual(DEFAULT_VIEW, initial);
  assert.deepEqual(parseView(""), DEFAULT_VIEW);
  assert.equal(formatView(DEFAULT_VIEW), "?index=0");
});

for (const [name, { initial, other, text, personal }] of Object.entries(KNOWN)) {
  if (!personal)
    test(`${name} is written as ${text} and read back`, () => {
      assert.notDeepEqual(other, initial);
      const written = formatView(view({ [name]: other }));
      assert.ok(written.slice(1).split("&").includes(text), written);
      assert.deepEqual(parseView(written), view({ [name]: other }));
    });
  else
    test(`${name} is read from ${text} and never written`, () => {
      assert.equal(formatView(view({ [name]: other })), formatView(DEFAULT_VIEW));
      assert.deepEqual(parseView(`?${text}`), view({ [name]: other }));
    });
}

test("all fields together are read back as they were", () => {
  const personal = Object.fromEntries(
    fieldsThat((known) => known.personal).map((name) => [name, KNOWN[name].initial]),
  );
  assert.deepEqual(parseView(formatView(OTHER)), { ...OTHER, ...personal });
});

test("links of the original viewer mean what they meant there", () => {
  assert.deepEqual(parseView("?targets=A,B&indexes=3*0,4&index=4"), {
    ...view({ targets: ["A", "B"], indexes: [3, 0, 4], index: 4 }),
  });
  assert.equal(parseView("?targets=A*B&indexes=3,1").index, 3, "a walk without a place begins at its first");
  assert.equal(parseView("?index=0&indexes=3,1").index, 0, "0 is a place");
  assert.deepEqual(parseView("?indexes=2.5.2").indexes, [2, 5]);
  assert.deepEqual(parseView("targets=my+method").targets, ["my method"]);
});

test("what can't be understood falls back to the default, field by field", () => {
  const nonsense =
    "?gallery=&index=-3&targets=**&indexes=x&diff=abc&signed=yes&cmap=constructor&spread=wide" +
    "&mode=toString&ref=-1&truth=&box=1,2,0,4&cap=5..5" +
    "&range=9..2&diffmax=-1&columns=%ff&theme=pink&pixel=1,2,3&axis=up&zoom=65&at=-1,2&unknown=1&=&&";
  assert.deepEqual(parseView(nonsense), DEFAULT_VIEW);
  assert.equal(parseView("?range=1..NaN").range, null);
  assert.equal(parseView("?pixel=1.5,2").pixel, null);
  for (const box of ["1,2,3", "1,2,3,4,5", "1.5,2,3,4", "-1,2,3,4", "kb"])
    assert.equal(parseView(`?box=${box}`).box, "none", box);
  assert.equal(parseView("?box=garg").box, "garg");
  assert.equal(parseView("?diffmax=Infinity").diffMax, null);
});

test("the Back button returns to places, not to looks", () => {
  const steps = Object.keys(OTHER).filter((name) => isStep(view({}), view({ [name]: OTHER[name] })));
  assert.deepEqual(
    steps,
    fieldsThat(({ step }) => step),
  );
});

test("views differ in fields, not in lists that say the same", () => {
  const before = view({ targets: ["a"], zoom: 2 });
  assert.deepEqual(changedFields(before, view({ targets: ["a"], zoom: 4 })), ["zoom"]);
  assert.deepEqual(changedFields(before, view({ targets: ["b"], zoom: 2 })), ["targets"]);
});

test("another gallery keeps how it is looked at, a link also the ranges", () => {
  for (const occasion of ["gallery", "link"]) {
    const known = fieldsThat(({ stays }) => stays?.includes(occasion));
    assert.deepEqual(staying(OTHER, occasion), Object.fromEntries(known.map((name) => [name, OTHER[name]])));
  }
});

test("what scripts and styles look for stands on the page's root", () => {
  const known = fieldsThat(({ hook }) => hook);
  assert.deepEqual(hooksOf(OTHER), Object.fromEntries(known.map((name) => [name, String(OTHER[name])])));
  assert.equal(hooksOf(view({ index: 3 })).index, "3");
});
