// Every action by key; `?` lists them.
import * as picking from "./picking.js";
import * as notes from "./notes.js";

const GO = { q: "index", s: "sessions", a: "actions", m: "mirror", n: "numbers", r: "review" };
const ACTS = { a: "accept_transfer", r: "reject_transfer", p: "pick_up" };
// What is typed into; a box that is ticked is not.
const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]";
let waitingForGo = 0;

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

function go(letter) {
  const name = GO[letter];
  const home = document.querySelector(".brand")?.getAttribute("href");
  if (!name || !home) return false;
  location.assign(name === "index" ? home : `${home}${name}/`);
  return true;
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
    if (!field) return go("s");
    field.focus();
  } else if (key === "c") {
    const field = document.querySelector("[data-composer] textarea");
    if (!field) return false;
    field.focus();
  } else if (key === "n") return notes.write();
  else if (ACTS[key]) return act(ACTS[key]);
  else return false;
  return true;
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (press(event)) event.preventDefault();
  });
}
