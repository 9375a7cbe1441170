/**
 * Photos come in through the file button, by dropping them anywhere on the page, or from the clipboard.
 */
import { find } from "../panels/dom.js";

/** @param {(files: File[]) => void} onFiles */
export function installUpload(onFiles) {
  const input = find("input[type=file][name=image]", HTMLInputElement);
  const veil = find(".drop", HTMLElement);
  const carriesFiles = (/** @type {DragEvent} */ event) =>
    event.dataTransfer?.types.includes("Files") ?? false;

  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same photo can be opened again
    if (files.length) onFiles(files);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return; // text belongs to the field that has the keyboard
    event.preventDefault();
    onFiles(files);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) onFiles(files);
  });
}
