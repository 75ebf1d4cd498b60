// Forms with `data-act` are sent without leaving the page; the answer is told in a sentence.
// Without this file they work as plain forms.
import { clearOld, kept, say, toast } from "./words.js";

// So long a wish may take before one is told that it is on its way. Milliseconds.
const LONG = 1500;

let refresh = () => Promise.resolve();

/** Tell what is to be done when a form has changed something. */
export function onChange(callback) {
  refresh = callback;
}

async function submit(form, button) {
  if (form.classList.contains("busy")) return;
  const pressed = button ?? form.querySelector("button:not([type=button])"); // a key has no button
  const both = [form, pressed].filter(Boolean);
  both.forEach((one) => one.classList.add("busy"));
  clearOld(); // "Sent." would be read as said of this one
  const slow = setTimeout(() => toast(say("slow")), LONG);
  const sent = form.elements.namedItem("text")?.value; // one may write on meanwhile
  let outcome;
  try {
    const body = new URLSearchParams(new FormData(form, button));
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Fragment": "1" },
      credentials: "same-origin",
      redirect: "follow",
    });
    if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error("no answer");
    outcome = await answer.json();
  } catch {
    // The key stays the same: pressing again cannot do it twice.
    toast(say("failed"), "bad");
    return;
  } finally {
    clearTimeout(slow);
    both.forEach((one) => one.classList.remove("busy")); // what is busy is not brought up to date
  }
  await told(form, outcome, sent);
}

async function told(form, outcome, sent) {
  if (outcome.to) {
    kept.set("told", JSON.stringify([outcome.sentence, outcome.tone]));
    location.assign(outcome.to);
    return;
  }
  toast(outcome.sentence, outcome.tone);
  const key = form.elements.namedItem("key");
  if (key) key.value = outcome.key;
  if (form.matches("[data-composer]") && ["done", "unknown", "sending"].includes(outcome.state)) {
    const text = form.elements.namedItem("text");
    if (text.value.startsWith(sent)) text.setRangeText("", 0, sent.length, "preserve");
    kept.set(`draft.${text.dataset.draft}`, text.value);
    text.focus();
  }
  form.closest("details[open]")?.removeAttribute("open");
  await refresh();
  findFocus();
}

/** What had the focus is gone with what was done: go on where one writes, or where the page begins. */
function findFocus() {
  const at = document.activeElement;
  // A menu that has just been closed keeps the focus until the browser draws again.
  if (at !== document.body && at.checkVisibility()) return;
  const next = document.querySelector("[data-composer] textarea") ?? document.querySelector("main");
  next.focus({ preventScroll: true });
}

/** Fill composers with what was half typed; also after a composer came with fresh content. */
export function fillDrafts() {
  document.querySelectorAll("textarea[data-draft]").forEach((text) => {
    if (!text.value) text.value = kept.get(`draft.${text.dataset.draft}`) || "";
  });
}

function tellWhatWasTold() {
  const told = kept.get("told");
  if (!told) return;
  kept.set("told", null);
  try {
    toast(...JSON.parse(told));
    findFocus(); // a chat that was picked up is answered next
  } catch {
    // Not ours: forget it.
  }
}

export function start() {
  fillDrafts();
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.draft) kept.set(`draft.${target.dataset.draft}`, target.value);
  });
  tellWhatWasTold();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-act]")) {
      event.target.closest("details.menu")?.removeAttribute("open"); // as when a file comes
      return;
    }
    event.preventDefault();
    submit(event.target, event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
}
