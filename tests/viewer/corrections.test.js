import assert from "node:assert/strict";
import { test } from "node:test";

import { misfits, misread, strangersOf, wordsOf } from "../../static/viewer/state/corrections.js";
import { agreeing } from "../../static/viewer/state/comparison.js";
import { DEFAULT_VIEW, fitted } from "../../static/viewer/state/fields.js";
import { parseView } from "../../static/viewer/state/url.js";
import { rawValues } from "../../static/viewer/state/query.js";
import { gallery } from "./kit.js";

test("what an address says and nobody understands is named with what was taken", () => {
  assert.equal(
    wordsOf(misread("?gallery=g&index=-3&diff=x%20y&cmap=constructor&range=9..2&signed=yes&pixel=1,2,3")),
    "Not possible here: index=-3 (taken: 0), diff=x y (taken: 0), signed=yes (taken: 0), " +
      "cmap=constructor (taken: magma_r), range=9..2 (taken: none), pixel=1,2,3 (taken: none).",
  );
});

test("an address that is understood, fields of other programs and empty values are no reason for words", () => {
  assert.equal(
    wordsOf(misread("?gallery=g&index=3&signed=0&theme=dark&utm_source=x&range=&indexes=3*1")),
    null,
  );
  assert.equal(wordsOf(misread("?indexes=2")), null, "a walk says where to begin");
});

test("numbers beyond the gallery are named with what was taken", () => {
  const asked = parseView("?gallery=g&index=99&diff=8&columns=40&pixel=500,7&targets=nobody");
  assert.equal(
    wordsOf(misfits(asked, fitted(asked, gallery()))),
    "Not possible here: index=99 (taken: 3), diff=8 (taken: 0), columns=40 (taken: 8), pixel=500,7 (taken: 99,7).",
  );
  const possible = parseView("?gallery=g&index=3&diff=2&columns=8&pixel=99,39&indexes=1*3");
  assert.deepEqual(misfits(possible, fitted(possible, gallery())), []);
});

/** What the page says of a link, once its gallery is open. */
function saidOf(search) {
  const asked = agreeing(DEFAULT_VIEW, parseView(search));
  const taken = fitted(asked, gallery());
  return { taken, words: wordsOf(misfits(asked, taken, new Set(rawValues(search).keys()))) };
}

test("words name what the link said, not what followed from it", () => {
  const { taken, words } = saidOf("?gallery=g&indexes=99");
  assert.equal(words, "Not possible here: indexes=99 (taken: none).");
  assert.deepEqual([taken.index, taken.indexes], [0, null], "and no other frame than the first is opened");
  assert.equal(saidOf("?indexes=99*2").words, "Not possible here: indexes=99*2 (taken: 2).");
  assert.equal(saidOf("?diff=9").words, "Not possible here: diff=9 (taken: 0).");
  assert.equal(
    saidOf("?index=7&indexes=2").words,
    "Not possible here: index=7 (taken: 2).",
    "a place that the link names is named",
  );
  assert.equal(saidOf("?index=2&indexes=99").taken.index, 2);
});

test("fields that nobody here knows are named, but not those that other programs add", () => {
  assert.equal(strangersOf("?gallery=g&foo=1&index=2&b%20ar=&foo=2"), "Unknown here: foo, b ar.");
  assert.equal(strangersOf("?gallery=g&utm_source=x&fbclid=1&gclid=2&as=a=truth&theme=dark"), null);
  assert.equal(strangersOf(""), null);
});
