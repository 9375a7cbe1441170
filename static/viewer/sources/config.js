/**
 * Links of the second published viewer: `?config=NAME` stands for what the server makes of that configuration.
 */
import { rawValues } from "../state/query.js";
import { requestJson } from "./http.js";

const NO_CONFIGS =
  "This export has no configurations, because those need the server: “config” of the address was left out.";

/**
 * The query that a link means here, and what of it can't be held, in words.
 * @param {string} search  `location.search` @param {{hasServer: boolean}} page
 * @returns {Promise<{search: string, notes: string[], alone?: string}>}
 *   `alone`: the configuration, where the link names nothing else and so the notes are all about it
 */
export async function landingOf(search, { hasServer }) {
  const raw = rawValues(search);
  const name = raw.get("config");
  if (!name) return { search, notes: [] };
  const fields = [...raw]
    .filter(([key]) => key !== "config")
    .map(([key, text]) => `${encodeURIComponent(key)}=${text}`);
  if (!hasServer) return { search: `?${fields.join("&")}`, notes: [NO_CONFIGS] };
  const { query, notes } = await requestJson(`/api/configs/${name}?${fields.join("&")}`);
  return { search: query, notes, alone: fields.length ? undefined : name };
}
