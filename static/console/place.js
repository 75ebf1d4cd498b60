// Where in a conversation one was: begins at what was asked for, else at what is new since the last
// look, else at the end. What was seen is kept in this browser.
import { kept, say } from "./words.js";

const SESSION = document.querySelector("[data-screen=session]")?.dataset.session || "";

function number(element) {
  return Number(element.dataset.key.slice(1));
}

function said() {
  return [...document.querySelectorAll('#said > [data-key^="m"]')];
}

/** Note that everything on the page has been seen. */
export function noteSeen() {
  if (document.hidden) return;
  document.querySelectorAll("#log .fresh").forEach((one) => one.classList.remove("fresh"));
  const last = Math.max(0, ...said().map(number));
  if (SESSION && last > Number(kept.get(`seen.${SESSION}`) || 0)) {
    kept.set(`seen.${SESSION}`, String(last));
  }
}

/** The first message of others that came after the last look. */
function firstNew() {
  const seen = Number(kept.get(`seen.${SESSION}`) || 0);
  if (!seen) return null;
  return said().find((one) => number(one) > seen && !one.classList.contains("us")) ?? null;
}

function mark(element) {
  const line = document.createElement("div");
  line.className = "day unread";
  line.dataset.key = "unread";
  const text = document.createElement("span");
  text.textContent = say("unread");
  line.append(text);
  element.before(line);
  return line;
}

/** What the page is to begin with; null for the end. */
export function begin() {
  const asked = document.querySelector("#said .target");
  if (asked) return asked;
  if (/[?&](before|at|time)=/.test(location.search)) return null;
  const fresh = firstNew();
  return fresh && mark(fresh);
}
