/**
 * Making and finding elements. Text always goes in as text, so that markup in a name or a file can't run.
 */

/**
 * An element with attributes and children; `dataset` and `on…` listeners may be given among the attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An element of a drawing. @param {string} tag @param {Record<string, string|number>} attributes @param {string} [text] */
export function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * The element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function find(selector, type, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no element ${selector}.`);
  return element;
}

/** Set text only when it changed, so that live regions stay quiet. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Hide or show only when that changes: even the same value makes the browser compute styles. @param {HTMLElement} element @param {boolean} hidden */
export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** The same for a tooltip. @param {HTMLElement} element @param {string} title */
export function setTitle(element, title) {
  if (element.title !== title) element.title = title;
}

/** The button that closes a sheet. */
export function closeButton() {
  return h(
    "button",
    { class: "button square", type: "button", "aria-label": "Close", dataset: { action: "close-overlay" } },
    "×",
  );
}
