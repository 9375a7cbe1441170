/**
 * The target DPM that is made from a depth: what a student's distribution is compared with in training
 * (docs/method.md §4). Pure. The server has the same formulas; a test compares the two.
 */

/** A density below this has no mass, and this stands in its place. */
const DENSITY_FLOOR = 1e-16;
const NO_MASS = -1000;

/**
 * Probability of each bin.
 * @param {number[]} edges  metres, nearest first
 * @param {number} depth  metres
 * @param {{sigma: number, kind: "published"|"gaussian"}} target  sigma in metres
 */
export function targetDpm(edges, depth, { sigma, kind }) {
  const mass = kind === "gaussian" ? gaussianMass(edges, depth, sigma) : plateau(edges, depth, sigma);
  const total = mass.reduce((sum, value) => sum + value, 0);
  return mass.map((value) => value / total);
}

/** A softmax of the Gaussian's density. @param {number[]} edges @param {number} depth @param {number} sigma */
function plateau(edges, depth, sigma) {
  const logits = edges.slice(1).map((far, i) => {
    const away = ((edges[i] + far) / 2 - depth) / sigma;
    const density = Math.exp((-away * away) / 2) / (sigma * Math.sqrt(2 * Math.PI));
    return density < DENSITY_FLOOR ? NO_MASS : density;
  });
  const largest = Math.max(...logits);
  return logits.map((logit) => Math.exp(logit - largest));
}

/** The Gaussian's mass between the edges. @param {number[]} edges @param {number} depth @param {number} sigma */
function gaussianMass(edges, depth, sigma) {
  const inside = Math.min(Math.max(depth, edges[0]), edges[edges.length - 1]);
  const below = edges.map((edge) => normalCdf((edge - inside) / sigma));
  return below.slice(1).map((value, i) => value - below[i]);
}

/** To 1e-7 (Abramowitz and Stegun, 7.1.26). @param {number} z */
function normalCdf(z) {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = (series * Math.exp(-x * x)) / 2;
  return z < 0 ? half : 1 - half;
}
