import assert from "node:assert/strict";
import { test } from "node:test";

import { misfits, misread, wordsOf } from "../../static/viewer/state/corrections.js";
import { fitted } from "../../static/viewer/state/fields.js";
import { parseView } from "../../static/viewer/state/url.js";
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
