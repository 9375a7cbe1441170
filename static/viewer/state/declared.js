/**
 * What a view declares of its gallery's folders: folder → settings, in the words of `tiekd serve --source`, such as
 * `scale=1000,label=My net`. The address holds it, and every request names it, so it changes nothing for others. Pure.
 *
 *     as=mine=scale=1000*lidar=truth,label=HDL-64
 *
 * @typedef {Record<string, string>} Sources
 */
import { decode, escapeName } from "./query.js";

/** Signs that may stay as they are in an address. @type {readonly (readonly [string, string])[]} */
const LEGIBLE = [
  ["%3D", "="],
  ["%2C", ","],
  ["%3A", ":"],
];

/** @param {string|undefined} text  as it stands in the address @returns {Sources|undefined} */
export function parseSources(text) {
  if (text === undefined) return undefined;
  // Some programs escape the signs between names and settings, too: then there is no "=" before decoding.
  const legible = text.includes("=") ? text : decode(text);
  const pairs = legible.split("*").map((part) => {
    const at = part.indexOf("=");
    return at > 0 ? [decode(part.slice(0, at)), decode(part.slice(at + 1))] : null;
  });
  return pairs.every((pair) => pair?.[1]) ? Object.fromEntries(/** @type {any} */ (pairs)) : undefined;
}

/** @param {Sources} sources */
export function formatSources(sources) {
  return Object.entries(sources)
    .map(([name, settings]) => `${escapeName(name)}=${legible(escapeName(settings))}`)
    .join("*");
}

/** @param {string} escaped */
const legible = (escaped) => LEGIBLE.reduce((text, [code, sign]) => text.replaceAll(code, sign), escaped);

/** The texts that the server takes as `as` and the command line as `--source`. @param {Sources} sources */
export const sourceTexts = (sources) =>
  Object.entries(sources).map(([name, settings]) => `${escapeSetting(name)}=${settings}`);

/** @param {Sources} sources @returns {[string, string][]} parameters of a request */
export const sourceParams = (sources) =>
  sourceTexts(sources).map((text) => /** @type {[string, string]} */ (["as", text]));

/** Text inside a setting, whose signs are `,`, `=` and `%`. @param {string} text */
export const escapeSetting = (text) =>
  text.replace(/[%,=*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const FLAGS = new Set(["colors", "ignore", "truth"]);

/** Settings by their names; a flag has "1". @param {string} settings @returns {Record<string, string>} */
export function parseSettings(settings) {
  const pairs = settings.split(",").filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, "1"] : [pair.slice(0, at), decode(pair.slice(at + 1).replaceAll("+", "%2B"))];
    }),
  );
}

/** @param {Record<string, string>} settings  What has no value is left out. */
export const formatSettings = (settings) =>
  Object.entries(settings)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => (FLAGS.has(name) && value === "1" ? name : `${name}=${escapeSetting(value)}`))
    .join(",");

/** The sources after one folder is declared anew; no settings: as the server says. @param {Sources} sources @param {string} name @param {string} settings @returns {Sources} */
export function withSource(sources, name, settings) {
  const { [name]: _, ...others } = sources;
  return settings ? { ...others, [name]: settings } : others;
}
