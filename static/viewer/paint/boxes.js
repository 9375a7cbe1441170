/**
 * Boxes of scored pixels; pure. The evaluation crops are those of `tiekd eval` (docs/evaluation.md).
 *
 * @typedef {object} Box  In pixels.
 * @property {number} left @property {number} top @property {number} width @property {number} height
 *
 * @typedef {{width: number, height: number}} Size
 *
 * @typedef {"none"|"garg"|"eigen"|[number, number, number, number]} BoxChoice  A crop, or left, top, width, height.
 */

const COLUMNS = [0.03594771, 0.96405229];
const GARG_ROWS = [0.40810811, 0.99189189];
const EIGEN_ROWS = [0.3324324, 0.91351351];

/** Eigen's crop of NYU's 640 × 480 is stated in pixels. */
const NYU_EIGEN = Object.freeze({ left: 41, top: 45, width: 560, height: 426 });

/** @param {Size} size @param {number[]} rows shares of the height @returns {Box} */
function byShares({ width, height }, rows) {
  const [top, bottom] = rows.map((share) => Math.floor(share * height));
  const [left, right] = COLUMNS.map((share) => Math.floor(share * width));
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * The pixels that a drag from one place of a picture to another covers, at least one.
 * @param {{u: number, v: number}} from @param {{u: number, v: number}} to  shares of width and height, 0 to 1
 * @param {Size} size @returns {[number, number, number, number]}
 */
export function boxBetween(from, to, { width, height }) {
  const along = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ pixels) => {
    const first = Math.min(Math.floor(Math.min(a, b) * pixels), pixels - 1);
    return { first, count: Math.max(1, Math.ceil(Math.max(a, b) * pixels) - first) };
  };
  const [x, y] = [along(from.u, to.u, width), along(from.v, to.v, height)];
  return [x.first, y.first, x.count, y.count];
}

/** A box as shares of the picture's width and height; null: the whole picture. @param {BoxChoice} choice @param {Size} size @returns {Box|null} */
export function boxShares(choice, size) {
  if (choice === "none") return null;
  const { left, top, width, height } = boxOf(choice, size);
  return {
    left: left / size.width,
    top: top / size.height,
    width: width / size.width,
    height: height / size.height,
  };
}

/** The box of a picture. @param {BoxChoice} choice @param {Size} size @returns {Box} */
export function boxOf(choice, size) {
  if (choice === "garg") return byShares(size, GARG_ROWS);
  if (choice === "eigen") {
    const isNyu = size.width === 640 && size.height === 480;
    return isNyu ? NYU_EIGEN : byShares(size, EIGEN_ROWS);
  }
  // Not `...size`: a picture is a size, too, and its pixels are no part of a box.
  if (choice === "none") return { left: 0, top: 0, width: size.width, height: size.height };
  const [left, top, width, height] = choice;
  const inside = (/** @type {number} */ length, /** @type {number} */ from, /** @type {number} */ end) =>
    Math.max(0, Math.min(length, end - from));
  return { left, top, width: inside(width, left, size.width), height: inside(height, top, size.height) };
}
