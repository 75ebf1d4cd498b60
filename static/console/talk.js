// The conversation: stays at its end while one reads there, says so when one does not, and loads
// what came earlier without losing the place.
import * as keys from "./keys.js";
import * as place from "./place.js";
import { say } from "./words.js";

const NEAR = 120;
// On narrow screens: the tabs, and the head of what follows, so that one sees that it does.
const BELOW = 114;

function log() {
  return document.getElementById("log");
}

/** What scrolls: the conversation on wide screens, the page on narrow ones. */
function scroller() {
  const box = log();
  if (!box) return null;
  return box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "visible"
    ? box
    : document.scrollingElement;
}

function endOfTalk() {
  const box = log();
  const scrolls = scroller();
  if (scrolls === box) return box.scrollHeight - box.scrollTop - box.clientHeight;
  return box.getBoundingClientRect().bottom - innerHeight;
}

export function isAtEnd() {
  return Boolean(log()) && endOfTalk() < NEAR;
}

function toEnd() {
  const box = log();
  const scrolls = scroller();
  if (scrolls === box) box.scrollTop = box.scrollHeight;
  else {
    const composer = document.querySelector(".composer")?.offsetHeight || 0;
    scrolls.scrollTop += box.getBoundingClientRect().bottom - innerHeight + composer + BELOW;
  }
}

function pill() {
  const box = log();
  if (!box || box.querySelector(".newest")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button tight newest";
  button.textContent = say("newest");
  button.addEventListener("click", () => {
    toEnd();
    button.remove();
  });
  box.append(button);
}

/** After fresh content: follow the end, or say that there is more. */
export function changed(wasAtEnd) {
  if (!log()) return;
  if (wasAtEnd) {
    toEnd();
    place.noteSeen();
  } else if (log().querySelector(".fresh")) pill();
}

/** Whether the reader is in the composer. */
export function isTyping() {
  return document.activeElement.closest(".composer") !== null;
}

/** The composer comes and goes with the chat; what is half typed is kept as a draft. */
export function checkComposer(fresh) {
  const here = document.querySelector(".composer");
  const there = fresh.querySelector(".composer");
  if (!here || !there || here.tagName === there.tagName) return false;
  const typing = isTyping();
  here.replaceWith(there);
  if (typing) {
    (there.querySelector("textarea") ?? there).focus();
    keys.rest();
  }
  return true;
}

async function earlier(link) {
  const answer = await fetch(link.href, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const scrolls = scroller();
  const before = scrolls.scrollHeight - scrolls.scrollTop;
  const place = document.getElementById("earlier");
  place.prepend(...fresh.getElementById("said").children);
  const more = fresh.querySelector("[data-earlier]");
  if (more) link.setAttribute("href", more.getAttribute("href"));
  else link.remove();
  scrolls.scrollTop = scrolls.scrollHeight - before;
}

export function start() {
  const box = log();
  if (!box) return;
  const first = place.begin();
  if (first) first.scrollIntoView({ block: first.matches(".target") ? "center" : "start" });
  else if (!location.search.includes("before=")) toEnd();
  if (isAtEnd()) place.noteSeen();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-earlier]");
    if (!link) return;
    event.preventDefault();
    if (link.classList.contains("busy")) return;
    link.classList.add("busy");
    earlier(link)
      .catch(() => location.assign(link.href))
      .finally(() => link.classList.remove("busy"));
  });
  addEventListener(
    "scroll",
    () => {
      if (!isAtEnd()) return;
      box.querySelector(".newest")?.remove();
      place.noteSeen();
    },
    { capture: true, passive: true },
  );
}
