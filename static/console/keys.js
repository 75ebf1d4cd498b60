// Every action by key; `?` lists them. What has `data-press` is pressed by that key: a link is
// followed, a menu opened at its first field, a field stepped into.
import * as picking from "./picking.js";
import * as notes from "./notes.js";
import { kept } from "./words.js";

const ACTS = { a: "accept_transfer", r: "reject_transfer", p: "pick_up" };
// What is typed into; a box that is ticked is not.
const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]";
const FIELDS = "select, input:not([type=hidden]), textarea, .sheet a, .sheet button";
const REST_MS = 2000;
let waitingForGo = 0;
let restsUntil = 0;

function isTyping(target) {
  return target.closest(TYPED) !== null;
}

function rows() {
  return [...document.querySelectorAll("main [data-open]")].filter((link) => link.offsetParent);
}

function currentRow() {
  return document.activeElement?.closest("[data-key]") ?? null;
}

function move(step) {
  const links = rows();
  if (!links.length) return;
  const here = currentRow()?.querySelector("[data-open]");
  const index = here ? links.indexOf(here) + step : step > 0 ? 0 : links.length - 1;
  links[Math.min(links.length - 1, Math.max(0, index))]?.focus();
}

function act(verb) {
  const scope = currentRow()?.querySelector(`form[data-act="${verb}"]`) ? currentRow() : document;
  const form = scope.querySelector(`main form[data-act="${verb}"], form[data-act="${verb}"]`);
  form?.requestSubmit(form.querySelector("button"));
  return Boolean(form);
}

/** Whether single letters are keys: who speaks to the computer, or presses by chance, puts them off. */
function heard() {
  return kept.get("keys") !== "off";
}

/** What one typed into is gone: the letters that still come were meant for it, and press nothing. */
export function rest() {
  restsUntil = Date.now() + REST_MS;
}

function isResting() {
  const rests = Date.now() < restsUntil;
  if (rests) rest(); // as long as they come
  return rests;
}

function pressed(key) {
  const wanted = `[data-press="${CSS.escape(key)}"]`;
  const spot = [...document.querySelectorAll(`main ${wanted}`)].find((one) => one.offsetParent);
  if (!spot) return false;
  if (spot.matches("summary")) spot.parentElement.open = true;
  if (spot.matches("a, button")) spot.click();
  else (spot.matches("summary") ? spot.parentElement.querySelector(FIELDS) ?? spot : spot).focus();
  return true;
}

/** To another screen, and there to the field of that name, where one is wanted. */
function go(letter, field = "") {
  const link = document.querySelector(`#side-nav [data-go="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href + field);
  return Boolean(link);
}

function press(event) {
  const { key } = event;
  if (waitingForGo && Date.now() - waitingForGo < 1200) {
    waitingForGo = 0;
    return go(key);
  }
  if (key === "g") {
    waitingForGo = Date.now();
    return true;
  }
  if (key === "?") document.getElementById("keys")?.showModal();
  else if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "x" || key === "X") return picking.toggle(currentRow(), key === "X");
  else if (key === "/") {
    const field = document.getElementById("search");
    if (!field) return go("s", "#search");
    field.focus();
  } else if (key === "c") {
    const field = document.querySelector("[data-composer] textarea");
    if (!field) return false;
    field.focus();
  } else if (key === "n") return notes.write();
  else return ACTS[key] && act(ACTS[key]) ? true : pressed(key);
  return true;
}

/** Escape closes the menu that one is in, else leaves the field. */
function leave(target) {
  const menu = target.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (target.matches("input, textarea, select")) target.blur();
}

export function start() {
  const box = document.getElementById("keys-on");
  if (box) {
    box.checked = heard();
    box.addEventListener("change", () => kept.set("keys", box.checked ? null : "off"));
  }

  document.addEventListener("pointerdown", () => (restsUntil = 0));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave(event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key.length === 1 && (!heard() || isResting())) return;
    if (press(event)) event.preventDefault();
  });
}
