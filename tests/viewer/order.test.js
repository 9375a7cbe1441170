import assert from "node:assert/strict";
import { test } from "node:test";

import { columnsOf, extremesOf } from "../../static/viewer/panels/strip-columns.js";
import {
  isUnsettled,
  keepOrder,
  nextOrder,
  orderOf,
  orderWords,
  parseFilter,
  whyNotInOrder,
} from "../../static/viewer/state/order.js";
import { INITIAL_STATE, reduce } from "../../static/viewer/state/reducer.js";
import { errorOf, errorsOf, scoresWanted, withPart } from "../../static/viewer/state/scores.js";
import { walkOf } from "../../static/viewer/state/selectors.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery, method, stateOf } from "./kit.js";

const OPENED = gallery({
  methods: [
    method("gt", { family: "ground_truth" }),
    method("base", { family: "baseline" }),
    method("net"),
    method("p", { unit: "rgb" }),
  ],
});

/** A state whose four frames have these errors; null: none. */
function scored(view, values, more = {}) {
  const state = stateOf(view, OPENED);
  const query = scoresWanted(state);
  return { ...state, scores: { query, done: 4, of: 4, values, ...more } };
}

const ERRORS = { base: [0.3, 0.1, 0.2, 0.2], net: [0.1, 0.4, null, 0.2] };

test("what is asked for follows from what is on show and how it is measured", () => {
  const wanted = scoresWanted(stateOf({ box: "garg", cap: [0, 50] }, OPENED));
  assert.deepEqual(wanted, {
    gallery: "g",
    version: undefined,
    against: "gt",
    isTruth: true,
    sources: {},
    methods: ["base", "net"],
    metric: "abs_rel",
    box: "garg",
    cap: [1e-6, 50],
  });
  const methods = OPENED.methods.map((one) => (one.id === "net" ? { ...one, read_as: "scale=2" } : one));
  const ahead = stateOf({ sources: { base: "ignore" } }, { ...OPENED, methods });
  assert.deepEqual(
    scoresWanted(ahead).sources,
    { net: "scale=2" },
    "as the gallery was read, not as the view asks",
  );
  assert.deepEqual(scoresWanted(stateOf({ by: "net" }, OPENED)).methods, ["net"]);
  assert.deepEqual(scoresWanted(stateOf({ by: "net", sort: "gain" }, OPENED)).methods, ["base", "net"]);
});

test("nothing is asked for where nobody looks, nothing compares, or files are still being read", () => {
  assert.equal(scoresWanted(stateOf({ strip: "off" }, OPENED)), null);
  assert.notEqual(scoresWanted(stateOf({ strip: "off", sort: "worst" }, OPENED)), null);
  assert.notEqual(scoresWanted(stateOf({ strip: "off", filter: ">0.1" }, OPENED)), null);
  assert.equal(scoresWanted(stateOf({}, gallery())), null);
  assert.equal(scoresWanted(stateOf({ targets: ["gt", "p"] }, OPENED)), null);
  assert.equal(scoresWanted(stateOf({}, { ...OPENED, scan: { read: 1, files: 2 } })), null);
});

test("without truth the chosen reference counts, and is said to be one", () => {
  const wanted = scoresWanted(stateOf({ mode: "absolute", diff: 2 }, gallery()));
  assert.deepEqual([wanted.against, wanted.isTruth, wanted.methods], ["b", false, ["a", "c"]]);
});

test("answers are put together; another question begins anew", () => {
  const query = scoresWanted(stateOf({}, OPENED));
  const first = withPart(null, query, { first: 0, done: 2, of: 4, scores: { net: [1, 2] } });
  const second = withPart(first, query, { first: 2, done: 4, of: 4, scores: { net: [null, 4] } });
  assert.deepEqual(second.values, { net: [1, 2, null, 4] });
  const other = withPart(
    second,
    { ...query, metric: "rmse" },
    { first: 0, done: 1, of: 4, scores: { net: [9] } },
  );
  assert.deepEqual([other.done, other.values], [1, { net: [9] }]);
});

test("the error of a frame is the mean of the methods that have one; δ1 counts from its end", () => {
  assert.deepEqual([...errorsOf(scored({}, ERRORS))], [0.2, 0.25, 0.2, 0.2]);
  const [one] = errorsOf(scored({ by: "net" }, { net: [null, 0.4] }));
  assert.ok(Number.isNaN(one));
  const delta = scored({ metric: "delta1" }, { net: [0.9] });
  assert.ok(Math.abs(errorOf(delta.scores, [method("net")], 0) - 0.1) < 1e-12);
});

test("scores of another metric, box or truth are not taken for those asked for", () => {
  const state = scored({}, ERRORS);
  assert.deepEqual([...errorsOf(state)], [0.2, 0.25, 0.2, 0.2]);
  for (const change of [{ metric: "rmse" }, { box: "garg" }, { cap: [1, 50] }, { truth: "base" }]) {
    const other = { ...state, view: { ...state.view, ...change } };
    assert.ok(errorsOf(other).every(Number.isNaN), JSON.stringify(change));
  }
});

test("every order, with the frames that have no error at its end", () => {
  const order = (sort, more) => orderOf(scored({ sort, by: "net", ...more }, ERRORS));
  assert.equal(order("name"), null);
  assert.deepEqual(order("worst"), [1, 3, 0, 2]);
  assert.deepEqual(order("best"), [0, 3, 1, 2]);
  assert.deepEqual(order("regression"), [1, 3, 0, 2]);
  assert.deepEqual(order("gain"), [0, 3, 1, 2]);
  assert.deepEqual(order("worst", { indexes: [0, 3] }), [3, 0], "within a chosen walk");
});

test("filters are words of the name and limits of the error", () => {
  const frame = { title: "Drive 51 Night", error: 0.2, favorite: false };
  for (const text of ["", "drive", "night drive", ">0.1", "<0.3 51", ">=.1"])
    assert.ok(parseFilter(text)(frame), text);
  for (const text of ["day", "drive day", ">0.2", "<0.1", "is:favourite"])
    assert.ok(!parseFilter(text)(frame), text);
  assert.ok(parseFilter("is:favourite")({ ...frame, favorite: true }));
  assert.ok(!parseFilter(">0.1")({ ...frame, error: NaN }));
  assert.deepEqual(orderOf(scored({ filter: ">0.15", by: "net" }, ERRORS)), [1, 3]);
  assert.deepEqual(orderOf(scored({ filter: "f 2" }, ERRORS)), [2]);
  assert.deepEqual(orderOf(scored({ filter: "nothing" }, ERRORS)), []);
});

test("the arrows walk the order, and stay where it is empty", () => {
  const state = { ...stateOf({ index: 1 }, OPENED), order: [3, 1, 0] };
  const at = (action, from = state) => reduce(from, action).view.index;
  assert.equal(at({ type: "frame/step", by: 1 }), 0);
  assert.equal(at({ type: "frame/step", by: -1 }), 3);
  assert.equal(at({ type: "frame/end", last: false }), 3);
  assert.equal(at({ type: "frame/step", by: 1 }, { ...state, order: [] }), 1);
  assert.equal(at({ type: "frame/end", last: true }, { ...state, order: [] }), 1);
});

test("an order without the frame on show leads to its first; a frame beside it ends the filter", () => {
  const state = stateOf({ index: 2, filter: "x" }, OPENED);
  assert.equal(reduce(state, { type: "order/set", order: [3, 1] }).view.index, 3);
  assert.equal(reduce(state, { type: "order/set", order: [] }).view.index, 2);
  const ordered = { ...state, order: [3, 1] };
  assert.equal(reduce(ordered, { type: "frame/go", index: 1 }).view.filter, "x");
  assert.equal(reduce(ordered, { type: "frame/go", index: 0 }).view.filter, "");
});

test("another gallery has neither scores nor order; a link within it keeps them", () => {
  const state = { ...scored({}, ERRORS), order: [1, 0] };
  for (const action of [
    { type: "gallery/choose", id: "h" },
    { type: "view/restore", view: { ...state.view, gallery: "h" } },
    { type: "gallery/opened", gallery: gallery() },
  ]) {
    const { scores, order } = reduce(state, action);
    assert.deepEqual([scores, order], [null, null], action.type);
  }
  assert.equal(reduce(state, { type: "view/restore", view: state.view }).scores, state.scores);
});

/** A store with the gallery open whose order is kept. */
function kept(view) {
  const store = createStore();
  store.dispatch({ type: "view/restore", view: { ...INITIAL_STATE.view, gallery: "g", ...view } });
  const again = keepOrder(store);
  store.dispatch({ type: "gallery/opened", gallery: OPENED });
  const arrive = (first, done, net) =>
    store.dispatch({
      type: "scores/part",
      query: scoresWanted(store.get()),
      part: { first, done, of: 4, scores: { net } },
    });
  return { store, again, arrive, walk: () => walkOf(store.get()) };
}

test("an order stays as it is while errors arrive, and is made again when all are there", () => {
  const { store, arrive, walk } = kept({ sort: "worst", by: "net" });
  arrive(0, 2, [0.1, 0.2]);
  assert.deepEqual(walk(), [1, 0, 2, 3]);
  assert.ok(isUnsettled(store.get()));
  arrive(2, 3, [0.9]);
  assert.deepEqual(walk(), [1, 0, 2, 3]);
  arrive(3, 4, [0.5]);
  assert.deepEqual(walk(), [2, 3, 1, 0]);
  assert.ok(!isUnsettled(store.get()));
  assert.equal(store.get().view.index, 0, "the frame on show stays");
});

test("an order is made again at once on demand, and with another choice", () => {
  const { store, again, arrive, walk } = kept({ sort: "worst", by: "net" });
  arrive(0, 2, [0.1, 0.2]);
  arrive(2, 3, [0.9]);
  again();
  assert.deepEqual(walk(), [2, 1, 0, 3]);
  store.dispatch({ type: "view/set", change: { sort: "best" } });
  assert.deepEqual(walk(), [0, 1, 2, 3]);
  store.dispatch({ type: "view/set", change: { sort: "name" } });
  assert.equal(store.get().order, null);
});

// What the filmstrip draws ----------------------------------------------------------------------------------

test("each frame has a column, or the largest error of several one", () => {
  const errors = Float64Array.from([0.1, 0.4, NaN, 0.2]);
  const columns = (walk, most) => columnsOf(walk, errors, new Set([3]), most);
  assert.deepEqual(
    columns([3, 0, 1], 100).map(({ error, favorite }) => [error, favorite]),
    [
      [0.2, true],
      [0.1, false],
      [0.4, false],
    ],
  );
  assert.deepEqual(
    columns([0, 1, 2, 3], 2).map(({ error, favorite }) => [error, favorite]),
    [
      [0.4, false],
      [0.2, true],
    ],
  );
  assert.ok(Number.isNaN(columns([2], 5)[0].error));
});

test("no favourite is lost among ten thousand frames, nor the worst", () => {
  const walk = Array.from({ length: 10_000 }, (_, i) => i);
  const errors = Float64Array.from(walk, (i) => (i === 7777 ? 9 : 0.1));
  const columns = columnsOf(walk, errors, new Set([0, 5003, 9999]), 1200);
  assert.equal(columns.length, 1200);
  assert.equal(columns.filter(({ favorite }) => favorite).length, 3);
  assert.equal(columns.filter(({ error }) => error === 9).length, 1);
  assert.deepEqual(extremesOf(walk, errors), { best: 0, worst: 7777 });
  assert.equal(extremesOf([1], Float64Array.from([0, NaN])), null);
});

test("orders that are not possible are passed over, with the reason", () => {
  const next = (state) => Object.values(nextOrder(state));
  assert.deepEqual(next(stateOf({ sort: "best" }, OPENED)), ["regression", null]);
  const bare = { ...OPENED, methods: OPENED.methods.filter(({ id }) => id !== "base") };
  const reason = "This order needs a baseline. Keep a method as one with Shift and its number.";
  assert.deepEqual(next(stateOf({ sort: "best" }, bare)), ["name", reason]);
  assert.deepEqual(next(stateOf({ sort: "best", reference: 2 }, bare)), ["regression", null]);
  const [sort, why] = next(stateOf({}, gallery()));
  assert.equal(sort, "name");
  assert.match(why, /no ground truth to sort by/);
  const without = scored({}, {}, { of: 0 });
  assert.deepEqual(next(without), ["name", "The errors of these frames are not known."]);
  const told = scored({}, {}, { of: 0, why: "This site holds no errors." });
  assert.equal(whyNotInOrder(told, "worst"), "This site holds no errors.");
  assert.equal(whyNotInOrder(stateOf({}, OPENED), "worst"), null, "not known yet");
});

test("an order by the baseline says which it is, and follows it", () => {
  assert.equal(orderWords(stateOf({ sort: "worst" }, OPENED)), "Frames worst first.");
  assert.equal(orderWords(stateOf({ sort: "gain" }, OPENED)), "Frames most ahead of the baseline: BASE.");
  const { store, walk } = kept({ sort: "gain" });
  const part = { first: 0, done: 4, of: 4, scores: { ...ERRORS, net: [0.1, 0.4, 0.1, 0.2] } };
  store.dispatch({ type: "scores/part", query: scoresWanted(store.get()), part });
  assert.deepEqual(walk(), [0, 2, 3, 1]);
  store.dispatch({ type: "view/set", change: { reference: 3 } });
  assert.deepEqual(walk(), [1, 3, 2, 0]);
});
