import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { headAndTail, shortened, TINTS, tintsOf } from "../../static/viewer/state/labels.js";

test("what most labels share is said once", () => {
  const names = ["kitti_run1_small_depth", "kitti_run1_large_depth", "kitti_run1_tiny_v2_depth"];
  assert.deepEqual(shortened(names), {
    prefix: "kitti_run1_",
    suffix: "_depth",
    common: "kitti_run1 … depth",
    inAll: true,
    short: ["small", "large", "tiny_v2"],
  });
});

test("labels that don't share it stay whole, and no label is lost", () => {
  const { prefix, suffix, common, inAll, short } = shortened([
    "Ground truth",
    "Teacher · AdaBins",
    "TIE-KD · AdaBins",
    "TIE-KD (DPM) · AdaBins",
    "Baseline · AdaBins",
  ]);
  assert.equal(prefix, "");
  assert.equal(suffix, " · AdaBins");
  assert.deepEqual([common, inAll], ["AdaBins", false]);
  assert.deepEqual(short, ["Ground truth", "Teacher", "TIE-KD", "TIE-KD (DPM)", "Baseline"]);
  // The name that is itself what the others share keeps its last word.
  const own = shortened(["experiment_seven", "experiment_seven_a_long_one", "experiment_seven_b"]);
  assert.deepEqual(own.short, ["seven", "seven_a_long_one", "seven_b"]);
  // Without what they share, two of these would be one.
  const alike = shortened([
    "Teacher",
    "Teacher · AdaBins network",
    "TIE-KD · AdaBins network",
    "R · AdaBins network",
  ]);
  assert.deepEqual(alike.short, ["Teacher", "Teacher · AdaBins network", "TIE-KD", "R"]);
});

test("short labels, one label, and labels that share little stay as they are", () => {
  for (const labels of [
    ["model_a", "model_b"],
    ["kitti_run1_small_and_much_longer"],
    ["a_rather_long_name_of_one", "b_rather_long_name_of_two"],
    [],
  ])
    assert.deepEqual(shortened(labels), { prefix: "", suffix: "", common: "", inAll: false, short: labels });
});

test("different labels stay different", () => {
  const names = Array.from({ length: 40 }, (_, i) => `densedepth_${i % 5}_mobilenet_${i}_depth_meter`);
  const { short } = shortened([...names, "gt", "mobilenet"]);
  assert.equal(new Set(short).size, 42);
});

test("a label that is too long is cut before its end, between whole characters", () => {
  assert.deepEqual(headAndTail("TIE-KD"), ["TIE-KD", ""]);
  const [head, tail] = headAndTail("a very long name that ends in 𝒟𝒫𝑀 12");
  assert.equal(head + tail, "a very long name that ends in 𝒟𝒫𝑀 12");
  assert.equal([...tail].length, 10);
});

const others = (...ids) => ids.map((id) => ({ id, family: "other" }));

test("methods of no known family have colours of their own, always the same", () => {
  const ids = Array.from({ length: TINTS }, (_, i) => `method ${i}`);
  const tints = tintsOf(others(...ids));
  assert.equal(new Set(tints.values()).size, TINTS);
  assert.deepEqual(tintsOf(others(...ids)), tints);
  assert.equal(tintsOf(others("method 0")).get("method 0"), tints.get("method 0"));
  const many = tintsOf(others(...Array.from({ length: 40 }, (_, i) => `m${i}`)));
  for (let tint = 0; tint < TINTS; tint++)
    assert.equal([...many.values()].filter((one) => one === tint).length, 40 / TINTS);
  assert.deepEqual(tintsOf([{ id: "a", family: "tiekd" }]), new Map());
});

// Colours -------------------------------------------------------------------------------------------------

const css = readFileSync(new URL("../../static/viewer/viewer.css", import.meta.url), "utf8");

/** Linear R, G, B of a variable in a theme (0 = light, 1 = dark). */
function colour(name, theme) {
  const [, light, dark] = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
  return [1, 3, 5].map((at) => {
    const value = parseInt([light, dark][theme].slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Machado et al. 2009 at full strength, on linear RGB. */
const SEEN_BY = {
  everyone: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  deuteranopes: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  protanopes: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}; // prettier-ignore

/** OKLab of linear RGB. */
function lab([r, g, b]) {
  const [l, m, s] = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map((value) => Math.cbrt(Math.max(0, value)));
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const distance = (a, b) => Math.hypot(...lab(a).map((value, i) => value - lab(b)[i]));
const names = Array.from({ length: TINTS }, (_, i) => `tint-${i}`);

for (const [theme, word] of ["light", "dark"].entries()) {
  test(`every colour is legible on ${word}`, () => {
    for (const name of names)
      for (const ground of ["surface", "ground", "raised"])
        assert.ok(contrast(colour(name, theme), colour(ground, theme)) >= 4.5, `${name} on ${ground}`);
  });

  for (const [people, matrix] of Object.entries(SEEN_BY))
    test(`${people} tell the colours on ${word} apart`, () => {
      const seen = names.map((name) => {
        const rgb = colour(name, theme);
        return matrix.map((row) => row.reduce((sum, weight, i) => sum + weight * rgb[i], 0));
      });
      for (let a = 0; a < TINTS; a++)
        for (let b = 0; b < a; b++)
          assert.ok(
            distance(seen[a], seen[b]) >= 0.07,
            `${names[a]} and ${names[b]}: ${distance(seen[a], seen[b])}`,
          );
    });
}
