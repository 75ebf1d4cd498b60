// Keeps the page as it is now: on a change the screen is fetched again and what differs is put in.
import * as clock from "./clock.js";
import * as forms from "./forms.js";
import * as here from "./here.js";
import * as keys from "./keys.js";
import { isBehind, morph } from "./morph.js";
import * as notes from "./notes.js";
import * as notice from "./notice.js";
import * as picking from "./picking.js";
import * as replies from "./replies.js";
import * as stream from "./stream.js";
import * as talk from "./talk.js";
import { kept } from "./words.js";

const PAUSE_MS = 120; // changes come in bunches: one fetch for all of them
let timer = 0;
let under = null;
let next = null;
let failed = 0;

/** The chat went to a colleague: say so where it stood, and stay there. */
function left(main) {
  const here = document.querySelector("main");
  if (talk.isTyping()) keys.rest();
  here.replaceChildren(...main.children);
  here.querySelector("[data-arrive]").focus();
}

async function fetchScreen() {
  const answer = await fetch(location.href, {
    headers: { "X-Fragment": "1" },
    credentials: "same-origin",
    cache: "no-store",
    redirect: "manual", // the sign-in page says why only once: to the page itself
  });
  if (answer.type === "opaqueredirect" || answer.status === 404 || answer.status === 403) {
    location.reload(); // signed out, or no longer ours: the page itself says so
    return;
  }
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = fresh.querySelector("main");
  if (!main) return;
  if (main.querySelector("[data-screen=left]")) {
    left(main);
    return;
  }
  stream.noteNumber(Number(main.dataset.number), main.dataset.epoch);
  clock.setServerTime(Number(main.dataset.now));
  const wasAtEnd = talk.isAtEnd();
  if (talk.checkComposer(fresh)) forms.fillDrafts();
  const changed = morph(fresh);
  clock.tick();
  notice.look();
  if (changed) picking.restore();
  if (changed) talk.changed(wasAtEnd);
}

/** Bring the screen up to date as of now: while a fetch is under way, by one more that follows it. */
export function refresh() {
  if (under) {
    next ??= under.then(() => {
      next = null;
      return refresh();
    });
    return next;
  }
  under = fetchScreen()
    .then(() => {
      failed = 0;
    })
    .catch(() => {
      // What was missed stays missed until a fetch succeeds: the stream may never tell it again.
      failed += 1;
      clearTimeout(timer);
      timer = setTimeout(refresh, Math.min(15000, 1000 * 2 ** failed));
    })
    .finally(() => {
      under = null;
    });
  return under;
}

function concerns(change) {
  const screen = document.querySelector("[data-screen]")?.dataset;
  if (!screen || screen.screen === "left") return false;
  if (change === null || screen.screen !== "session") return true;
  // On a session's page others change only the counters, and those change with the sessions.
  return change.kind !== "message" || String(change.session_id) === screen.session;
}

function onNews(change) {
  if (!concerns(change)) return Promise.resolve();
  if (change === null) return refresh();
  soon();
  return Promise.resolve();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS);
}

/** The reader left a field or closed a menu: show what was held back. A fetch under way brings it
 * by itself, and moves the focus about while it does. */
function catchUp() {
  if (isBehind() && !under) soon();
}

const doing = {
  theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    kept.set("theme", root.dataset.theme);
  },
  notify: notice.toggle,
  keys: () => document.getElementById("keys")?.showModal(),
  dismiss: (button) => button.closest(".note")?.remove(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) doing[button.dataset.do]?.(button);
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});

document.addEventListener("focusout", catchUp);
document.addEventListener("toggle", ({ target }) => target.open || catchUp(), true);
addEventListener("online", refresh);

clock.start(refresh);
forms.onChange(refresh);
forms.start();
here.start();
keys.start();
notes.start();
notice.start();
picking.start(refresh);
replies.start();
talk.start();
stream.start(onNews);
