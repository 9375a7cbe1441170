import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { followScores } from "../../static/viewer/sources/scores.js";
import { INITIAL_STATE } from "../../static/viewer/state/reducer.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery, method } from "./kit.js";

const OPENED = gallery({ methods: [method("gt", { family: "ground_truth" }), method("net")] });

before(() => (globalThis.document = { hidden: false, addEventListener() {} }));
after(() => delete globalThis.document);

/** A store with an open gallery whose source is asked for scores, and what `done` says once it holds. */
function following(source, shown) {
  const store = createStore();
  followScores(store, () => source, shown);
  store.dispatch({ type: "view/restore", view: { ...INITIAL_STATE.view, gallery: "g" } });
  store.dispatch({ type: "gallery/opened", gallery: OPENED });
  const until = (holds) =>
    new Promise((resolve) => {
      const look = () => holds(store.get().scores) && resolve(store.get().scores);
      store.subscribe(look);
      look();
    });
  return { store, until };
}

test("errors are asked for from where the last answer ended, until all are there", async () => {
  const asked = [];
  const { until } = following({
    async scores(query, first) {
      asked.push([query.methods.join(), first]);
      return { first, done: first + 2, of: 4, scores: { net: [first, first + 1] } };
    },
  });
  const scores = await until((known) => known?.done === 4);
  assert.deepEqual(scores.values, { net: [0, 1, 2, 3] });
  assert.deepEqual(asked, [
    ["net", 0],
    ["net", 2],
  ]);
});

test("errors are asked for after the pictures on show", async () => {
  const asked = [];
  let show = () => {};
  const shown = new Promise((resolve) => (show = resolve));
  const { until } = following(
    {
      async scores(_query, first) {
        asked.push(first);
        return { first, done: 1, of: 1, scores: { net: [0] } };
      },
    },
    () => shown,
  );
  await new Promise(setImmediate);
  assert.deepEqual(asked, []);
  show();
  await until((known) => known?.done === 1);
  assert.deepEqual(asked, [0]);
});

test("a server that begins anew is followed from the start", async () => {
  let turn = 0;
  const { until } = following({
    async scores(_query, first) {
      turn++;
      if (turn === 1) return { first, done: 2, of: 4, scores: { net: [9, 9] } };
      if (turn === 2) return { first, done: 1, of: 4, scores: { net: [] } };
      return { first, done: 4, of: 4, scores: { net: [0, 1, 2, 3] } };
    },
  });
  const scores = await until((known) => known?.done === 4);
  assert.deepEqual(scores.values, { net: [0, 1, 2, 3] });
});

test("where the source knows no errors, none are waited for", async () => {
  const { until } = following({});
  const scores = await until((known) => known !== null);
  assert.deepEqual([scores.done, scores.of], [0, 0]);
});
