/**
 * How colours look, also to people who see fewer of them: CIE L*a*b* under D65, after the simulation of Machado,
 * Oliveira and Fernandes (2009) at severity 1.
 */

/** What is left of linear R, G, B. @type {Record<string, number[][]>} */
const SIGHT = {
  "full colour": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
export const SIGHTS = Object.keys(SIGHT);

const linear = (part) => (part <= 10.31475 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const cube = (t) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, w, i) => sum + w * vector[i], 0));

/** XYZ of linear sRGB over that of its white. */
const TO_XYZ = [
  [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
  [0.2126, 0.7152, 0.0722],
  [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
];

/** L*, a*, b* of R, G, B as somebody sees it. @param {number[]} rgb @param {string} sight */
export function seen(rgb, sight) {
  const left = times(SIGHT[sight], [...rgb].map(linear)).map((part) => Math.min(1, Math.max(0, part)));
  const [x, y, z] = times(TO_XYZ, left).map(cube);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How far two seen colours are apart (CIE 1976): about 2 is just noticed, 10 is clear at a glance. */
export const apart = (a, b) => Math.hypot(...a.map((part, i) => part - b[i]));
