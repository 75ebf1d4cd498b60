// Clocks that run on the screen, in the server's time, and warn by the channel's own minutes.
import { say } from "./words.js";

let ahead = 0;
let due = () => {};

/** The server's clock, as the page carried it. */
export function setServerTime(milliseconds) {
  if (milliseconds) ahead = milliseconds - Date.now();
}

export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return say("s", { n: whole });
  if (whole < 3600) return say("min", { n: Math.floor(whole / 60) });
  if (whole < 86400) {
    const minutes = String(Math.floor((whole % 3600) / 60)).padStart(2, "0");
    return say("h", { h: Math.floor(whole / 3600), m: minutes });
  }
  return say("d", { n: Math.floor(whole / 86400) });
}

function show(clock) {
  const seconds = (Date.now() + ahead - Date.parse(clock.dateTime)) / 1000;
  const text = clock.dataset.clock === "ago" ? say("ago", { span: span(seconds) }) : span(seconds);
  if (clock.textContent !== text) clock.textContent = text;
  const minutes = seconds / 60;
  const { warn, alarm } = clock.dataset;
  const bad = Number(alarm) > 0 && minutes >= Number(alarm);
  clock.classList.toggle("bad", bad);
  clock.classList.toggle("warn", !bad && Number(warn) > 0 && minutes >= Number(warn));
}

export function tick() {
  document.querySelectorAll("time[data-clock]").forEach(show);
  const over = document.querySelector("[data-until]");
  if (!over || Date.now() + ahead < Number(over.dataset.until) * 1000) return;
  delete over.dataset.until; // told once
  due();
}

/** Begin; `whenOver` is called when something on the page is past its time. */
export function start(whenOver) {
  due = whenOver;
  setServerTime(Number(document.body.dataset.now));
  tick();
  setInterval(tick, 1000);
}
