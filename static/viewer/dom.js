/**
 * Making elements. Text only ever goes in as text, whatever it holds.
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
  if (!(element instanceof type)) throw new Error(`The page lacks ${selector}.`);
  return element;
}

/** Set text only when it changed, so that live regions stay quiet. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @type {ReturnType<typeof setTimeout>|undefined} */
let noticeTimer;

/**
 * A short message at the foot of the page, read out by screen readers, gone after a while.
 * @param {string} text @param {{error?: boolean}} [options]
 */
export function notify(text, { error = false } = {}) {
  const notice = find("[data-notice]", HTMLElement);
  notice.textContent = text;
  notice.dataset.kind = error ? "error" : "info";
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.hidden = true), error ? 9000 : 3500);
}
