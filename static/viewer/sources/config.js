/**
 * Links of the second published viewer: `?config=NAME` stands for what the server makes of that configuration.
 */
import { rawValues } from "../state/query.js";
import { requestJson } from "./http.js";

/**
 * The query that a link means here, and what of it can't be held, in words.
 * @param {string} search  `location.search` @returns {Promise<{search: string, notes: string[]}>}
 */
export async function landingOf(search) {
  const raw = rawValues(search);
  const name = raw.get("config");
  if (!name) return { search, notes: [] };
  const fields = [...raw]
    .filter(([key]) => key !== "config")
    .map(([key, text]) => `${encodeURIComponent(key)}=${text}`);
  const { query, notes } = await requestJson(`/api/configs/${name}?${fields.join("&")}`);
  return { search: query, notes };
}
