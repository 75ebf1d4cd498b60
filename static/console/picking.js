// Chats that are ticked in a list: the page's box, ranges with Shift, and what is ticked stays so
// when a row comes fresh. And a run's page, which is looked at again while the run goes on.
import { say } from "./words.js";

const LOOK_MS = 2000; // rows of the notebook make no news in the feed
const picked = new Set();
let last = null;

function boxes() {
  return [...document.querySelectorAll('input[name="id"][form="pick"]')];
}

function show() {
  const all = boxes();
  const some = all.filter((box) => box.checked);
  picked.clear();
  some.forEach((box) => picked.add(box.value));
  const page = document.getElementById("pick-all");
  if (!page) return;
  page.checked = some.length > 0 && some.length === all.length;
  page.indeterminate = some.length > 0 && some.length < all.length;
  document.getElementById("picked").textContent = some.length ? say("picked", { n: some.length }) : "";
}

/** Tick the boxes of fresh rows as they were; a row that is gone is not chosen any more. */
export function restore() {
  boxes().forEach((box) => {
    if (picked.has(box.value)) box.checked = true;
  });
  show();
}

function put(box, wanted, range) {
  const all = boxes();
  const from = range && last ? all.findIndex((one) => one.value === last) : -1;
  const to = all.indexOf(box);
  const those = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
  those.forEach((one) => {
    one.checked = wanted;
  });
  last = box.value;
  show();
}

/** Tick a row's box, or not; with `range` all from the last one to it. Whether it has one. */
export function toggle(row, range) {
  const box = row?.querySelector('input[name="id"][form="pick"]');
  if (box) put(box, range || !box.checked, range);
  return Boolean(box);
}

export function start(refresh) {
  setInterval(() => {
    if (!document.hidden && document.querySelector("#run-state[data-busy]")) refresh();
  }, LOOK_MS);
  const form = document.getElementById("pick");
  if (!form) return;
  document.getElementById("pick-page").hidden = false;
  document.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="id"][form="pick"]');
    if (box) put(box, box.checked, event.shiftKey);
    else if (event.target.id === "pick-all") {
      boxes().forEach((one) => {
        one.checked = event.target.checked;
      });
      show();
    }
  });
  show();
}
