import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import {
  ApiError,
  isAbort,
  isLost,
  pause,
  request,
  requestPatiently,
} from "../../static/viewer/sources/http.js";
import { landingOf } from "../../static/viewer/sources/config.js";
import { bestGallery, unknownOf } from "../../static/viewer/sources/loader.js";
import { usableModels } from "../../static/viewer/sources/models.js";
import { methodOfModel } from "../../static/viewer/sources/own-gallery.js";
import { DEFAULT_VIEW } from "../../static/viewer/state/fields.js";
import { stateOf } from "./kit.js";

afterEach(() => mock.restoreAll());

/** Answers of the server, in order. */
function answers(...responses) {
  return mock.method(globalThis, "fetch", async () => {
    const next = responses.shift();
    if (next instanceof Error) throw next;
    return new Response(...next);
  });
}

const problem = (status, body, headers = {}) => [JSON.stringify(body), { status, headers }];

test("a refusal becomes the server's own words and its hint", async () => {
  answers(problem(404, { title: "Unknown", detail: "No model x.", hint: "Try y." }));
  await assert.rejects(request("/x"), { message: "No model x. Try y.", status: 404, retryAfterS: null });
  answers(["<html>", { status: 502, statusText: "Bad Gateway" }]);
  await assert.rejects(request("/x"), { message: "The server answered 502 Bad Gateway." });
});

test("an export asks no server for a configuration, and says that it would need one", async () => {
  const asked = answers();
  const { search, notes } = await landingOf("?config=lab&index=2", { hasServer: false });
  assert.equal(search, "?index=2");
  assert.match(notes[0], /no configurations, because those need the server/);
  assert.equal(asked.mock.callCount(), 0);
});

test("a server that is away may come back, one that refuses won't change its mind", async () => {
  const away = [new TypeError("Failed to fetch"), problem(503, {}), problem(502, {}), problem(504, {})];
  answers(...away, problem(404, {}), problem(500, {}));
  const lost = [];
  for (let i = 0; i < 6; i++) lost.push(await request("/x").catch(isLost));
  assert.deepEqual(lost, [true, true, true, true, false, false]);
  assert.equal(isLost(new Error("no picture")), false);
});

test("an unreachable server is said so, an abort stays one", async () => {
  answers(new TypeError("Failed to fetch"));
  await assert.rejects(request("/x"), { message: "The server can't be reached. Is it still running?" });
  answers(new DOMException("stop", "AbortError"));
  await assert.rejects(request("/x"), isAbort);
});

test("a busy server is asked again when it says when", async () => {
  const fetched = answers(problem(503, { detail: "Warming." }, { "Retry-After": "0.01" }), ["fine"]);
  const words = [];
  const response = await requestPatiently("/x", {}, { onWait: (message) => words.push(message) });
  assert.equal(await response.text(), "fine");
  assert.deepEqual([fetched.mock.callCount(), words], [2, ["Warming."]]);
});

test("a busy server that doesn't say when, or too late, is an error", async () => {
  answers(problem(503, { detail: "Full." }));
  await assert.rejects(requestPatiently("/x", {}), ApiError);
  answers(problem(503, { detail: "Full." }, { "Retry-After": "60" }));
  await assert.rejects(requestPatiently("/x", {}, { giveUpAfterS: 1 }), /Full/);
  answers(problem(500, { detail: "Broken." }, { "Retry-After": "1" }));
  await assert.rejects(requestPatiently("/x", {}), /Broken/);
});

test("waiting ends with an abort", async () => {
  const waiting = new AbortController();
  const pausing = pause(60_000, waiting.signal);
  waiting.abort();
  await assert.rejects(pausing, isAbort);
});

test("a link without a gallery opens the first that has one of its methods", () => {
  const galleries = [
    { id: "one", methods: ["a"] },
    { id: "two", methods: ["b", "c"] },
  ];
  assert.equal(bestGallery(galleries, ["c", "nobody"]), "two");
  assert.equal(bestGallery(galleries, []), "one");
  assert.equal(bestGallery([], ["a"]), null);
});

test("what a link asked for and the gallery doesn't have is named", () => {
  const asked = (change) => ({ ...DEFAULT_VIEW, ...change });
  const found = stateOf({ targets: ["a", "b"] });
  assert.equal(unknownOf(asked({ targets: ["row.a", "a*b"] }), found), null);
  assert.equal(
    unknownOf(asked({ targets: ["a", "x", "y"] }), found),
    "This gallery has no method named x, y.",
  );
  assert.equal(
    unknownOf(asked({ gallery: "g", index: 4, diff: 9 }), stateOf({ index: 3, diff: 0 })),
    "Not possible here: index=4 (taken: 3), diff=9 (taken: 0).",
  );
});

const model = (name, label, more = {}) => ({ name, label, family: "tiekd", min_depth_m: 0, ...more });

test("a model becomes a method; its name stands in the label only where labels would be equal", () => {
  const [one, two, other] = [model("t1", "TIE-KD"), model("t2", "TIE-KD"), model("r", "Res-KD (SI)")];
  const label = (of) => methodOfModel(of, [one, two, other]).label;
  assert.equal(label(one), "TIE-KD · t1");
  assert.equal(label(other), "Res-KD (SI)");
  assert.equal(methodOfModel({ ...one, untrained: true }, [one]).label, "TIE-KD (untrained)");
  assert.equal(methodOfModel({ ...one, train_fx_px: null }, [one]).label, "TIE-KD (camera not known)");
  const both = { ...one, untrained: true, train_fx_px: null };
  assert.equal(methodOfModel(both, [one]).label, "TIE-KD (untrained, camera not known)");
  assert.deepEqual(methodOfModel(other, [other]), {
    id: "r",
    label: "Res-KD (SI)",
    family: "tiekd",
    model: "r",
    unit: "m",
    precision_m: null,
    saturated_m: null,
  });
});

test("models stand in the server's order of families; those that failed are left out", async () => {
  const models = [
    model("b", "Baseline", { family: "baseline" }),
    model("x", "TIE-KD", { error: "no file" }),
    model("t", "TIE-KD"),
    model("b2", "Baseline", { family: "baseline" }),
  ];
  answers([JSON.stringify({ models, families: ["teacher", "tiekd", "baseline"] })]);
  assert.deepEqual(
    (await usableModels()).map(({ name }) => name),
    ["t", "b", "b2"],
  );
});
