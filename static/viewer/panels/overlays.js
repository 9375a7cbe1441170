/**
 * The sheets over the page (`dialog[data-overlay]`): at most one is open.
 */

export class Overlays {
  /** @type {Map<string, HTMLDialogElement>} */
  #sheets = new Map();

  /** @param {Record<string, (sheet: HTMLDialogElement) => void>} fill  called before a sheet of that name opens */
  constructor(fill) {
    this.fill = fill;
    for (const sheet of document.querySelectorAll("dialog[data-overlay]")) {
      if (sheet instanceof HTMLDialogElement) this.#sheets.set(sheet.dataset.overlay ?? "", sheet);
    }
  }

  /** Name of the open sheet. @returns {string|null} */
  open() {
    return [...this.#sheets].find(([, sheet]) => sheet.open)?.[0] ?? null;
  }

  /** Open a sheet, or close it when it is open; null closes whatever is. @param {string|null} name */
  toggle(name) {
    const open = this.open();
    if (open) this.#sheets.get(open)?.close();
    const sheet = name === null || name === open ? undefined : this.#sheets.get(name);
    if (!sheet || name === null) return;
    this.fill[name]?.(sheet);
    sheet.showModal();
  }

  /** Fill a sheet again if it is open. @param {string} name */
  refresh(name) {
    const sheet = this.#sheets.get(name);
    if (sheet?.open) this.fill[name]?.(sheet);
  }
}
