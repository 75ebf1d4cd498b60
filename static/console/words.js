// The page's sentences, translated by the server; and small things to keep in the browser.

export const words = JSON.parse(document.body.dataset.words || "{}");

/** A sentence with its `%(name)s` filled in. */
export function say(name, values = {}) {
  return (words[name] || "").replace(/%\((\w+)\)s/g, (_, key) => String(values[key] ?? ""));
}

export const kept = {
  get(name) {
    try {
      return localStorage.getItem(`chatops.${name}`);
    } catch {
      return null; // storage is switched off
    }
  },
  set(name, value) {
    try {
      if (value === null || value === "") localStorage.removeItem(`chatops.${name}`);
      else localStorage.setItem(`chatops.${name}`, value);
    } catch {
      // Storage is switched off or full: comfort only, nothing depends on it.
    }
  },
};

/** What went well before is old news: it would only hide what one works with next. */
export function clearOld() {
  document
    .querySelectorAll("#toasts .note:not(.warn, .warning, .bad, .error)")
    .forEach((one) => one.remove());
}

/** Tell something in the corner; screen readers say it when they have time. */
export function toast(text, tone = "") {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  clearOld();
  const note = document.createElement("div");
  note.className = `note ${tone}`;
  const inside = document.createElement("div");
  inside.textContent = text;
  note.append(inside);
  box.append(note);
  while (box.children.length > 4) box.firstElementChild.remove();
  setTimeout(() => note.remove(), tone === "bad" || tone === "warn" ? 12000 : 6000);
}
