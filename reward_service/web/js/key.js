// Asks for the server's key.

import { byId } from "./dom.js";

/** Resolves with the key, or with null where the reader gives none. */
export function askForKey(message) {
  const dialog = byId("key-dialog");
  const input = byId("key");
  const said = byId("key-message");
  said.textContent = message ? `The last key did not fit: ${message}.` : "Whoever runs it can give you one.";
  return new Promise((resolve) => {
    let given = null;
    const use = (event) => {
      event.preventDefault();
      const key = input.value.trim();
      if (!/^[!-~]+$/.test(key)) {
        said.textContent = key ? "A key has printable ASCII characters only, and no spaces." : "Write the key first.";
        input.setAttribute("aria-invalid", "true");
        input.focus();
        return;
      }
      given = key;
      dialog.close();
    };
    const cancel = () => dialog.close();
    const closed = () => {
      byId("key-form").removeEventListener("submit", use);
      byId("key-cancel").removeEventListener("click", cancel);
      dialog.removeEventListener("close", closed);
      input.value = "";
      input.removeAttribute("aria-invalid");
      resolve(given);
    };
    byId("key-form").addEventListener("submit", use);
    byId("key-cancel").addEventListener("click", cancel);
    dialog.addEventListener("close", closed);
    dialog.showModal();
    input.focus();
  });
}
