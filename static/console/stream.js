// The change feed: one EventSource that resumes by number, and a word about how live the page is.
import { say } from "./words.js";

const WATCHDOG_MS = 40000; // the server says something every 15 s
const SHORT_MS = 1500;
let number = Number(document.body.dataset.number || 0);
let epoch = document.body.dataset.epoch || "";
let source = null;
let last = Date.now();
let lostAt = null;
let failures = 0;

export function noteNumber(value, fresh) {
  if (fresh && fresh !== epoch) epoch = fresh;
  if (value > number) number = value;
}

function show(state, text) {
  document.querySelectorAll("[data-live-state]").forEach((one) => {
    one.dataset.state = state;
    one.querySelector("[data-live-text]").textContent = text;
  });
}

function showLost() {
  lostAt ??= new Date();
  if (Date.now() - lostAt < SHORT_MS) return; // as while a page begins: nothing to worry about
  if (Date.now() - lostAt < 10000) show("wait", say("wait"));
  else {
    const time = lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    show("off", `${say("off")} ${time}`);
  }
}

function open(callback) {
  source?.close();
  const address = `${document.body.dataset.stream}?after=${number}&epoch=${encodeURIComponent(epoch)}`;
  source = new EventSource(address);
  const heard = () => {
    last = Date.now();
    failures = 0;
    if (lostAt) callback(null); // whatever happened meanwhile
    lostAt = null;
    show("live", say("live"));
  };
  source.onopen = heard;
  source.addEventListener("alive", heard);
  const news = (event) => {
    heard();
    let change;
    try {
      change = JSON.parse(event.data);
    } catch {
      change = { number: Number(event.lastEventId) };
    }
    noteNumber(change.number || Number(event.lastEventId) || 0);
    callback(change);
  };
  source.onmessage = news;
  for (const kind of ["session", "message", "topic", "agent", "action"]) {
    source.addEventListener(kind, news);
  }
  source.onerror = () => {
    showLost();
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    failures += 1;
    source = null;
    // The number may be gone (410) or the sign-in over: the page itself tells, and brings a new one.
    setTimeout(() => callback(null).then(() => open(callback)), Math.min(30000, 1000 * 2 ** failures));
  };
}

/** Listen; `callback(change)` for each change, `callback(null)` when everything may have changed. */
export function start(callback) {
  if (!document.body.dataset.stream || !("EventSource" in window)) return;
  open(callback);
  setTimeout(() => document.querySelector("[data-live-state][data-state=none]") && showLost(), SHORT_MS);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && open(callback));
  const watch = () => {
    if (lostAt) showLost();
    else if (!document.hidden && Date.now() - last > WATCHDOG_MS) {
      // After sleep, or behind a proxy that went, a connection may look alive and be dead.
      last = Date.now();
      showLost();
      open(callback);
    }
  };
  document.addEventListener("visibilitychange", watch);
  setInterval(watch, 1000);
}
