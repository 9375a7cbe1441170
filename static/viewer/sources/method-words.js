/**
 * Labels and families of models that the server's answer doesn't name.
 *
 * @import { Model } from "../state/types.js"
 */

/** @type {Record<string, string>} */
const LABELS = Object.freeze({
  teacher: "Teacher",
  baseline: "Baseline",
  tiekd: "TIE-KD",
  tiekd_dpm: "TIE-KD (DPM)",
  tiekd_depth: "TIE-KD (depth)",
  reskd_ssim: "Res-KD (SSIM)",
  reskd_mse: "Res-KD (MSE)",
  reskd_si: "Res-KD (SI)",
  reskd_ssim_si: "Res-KD (SSIM+SI)",
  reskd_ssim_mse: "Res-KD (SSIM+MSE)",
});

const FAMILY_ORDER = ["teacher", "tiekd", "tiekd_dpm", "tiekd_depth", "baseline", "reskd"];

/** @param {Model} model */
export const labelOf = ({ method }) => LABELS[method] ?? method;

/** @param {Model} model */
export const familyOf = ({ method }) => (method.startsWith("reskd") ? "reskd" : method);

/** @param {Model} model */
export const familyRank = (model) => FAMILY_ORDER.indexOf(familyOf(model));
