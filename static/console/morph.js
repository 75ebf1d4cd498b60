// Puts a fresh page into the shown one: only what changed is touched, so that focus, scroll and
// half-typed text stay. Regions are elements with an id and `data-live`; their children with a
// `data-key` are moved, added and removed one by one.

// What may hold half a sentence.
const WRITTEN = "textarea, input:not([type=hidden], [type=checkbox], [type=radio])";
let behind = false;

/** An element as the server made it, without what differs each time although nothing changed. */
function signature(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll('input[name="csrfmiddlewaretoken"], input[name="key"]').forEach((input) => {
    input.setAttribute("value", "");
  });
  const clocks = [...copy.querySelectorAll("[data-clock]")];
  if (copy.matches("[data-clock]")) clocks.push(copy);
  clocks.forEach((clock) => {
    clock.textContent = "";
    clock.className = "";
  });
  copy.querySelectorAll(".fresh, .current").forEach((one) => one.classList.remove("fresh", "current"));
  copy.classList.remove("fresh", "current");
  // An open menu is the reader's doing, not the server's.
  copy.querySelectorAll("details[open]").forEach((one) => one.removeAttribute("open"));
  return copy.outerHTML.replace(/ class=""/g, "");
}

/** Whether the reader is in the middle of something in there. */
function isBusy(element) {
  if (element.querySelector("details[open], .busy")) return true;
  if ([...element.querySelectorAll(WRITTEN)].some((one) => one.value !== one.defaultValue)) return true;
  const active = document.activeElement;
  return element.contains(active) && active.matches("input:not([type=hidden], [type=checkbox]), textarea, select");
}

/** Whether it may be touched; what may not is to be brought up to date later. */
function isFree(element) {
  const free = !isBusy(element);
  if (!free) behind = true;
  return free;
}

function withFocus(element, change) {
  const active = document.activeElement;
  const id = element.contains(active) ? active.id : "";
  const href = element.contains(active) ? active.getAttribute("href") : null;
  const shown = change();
  if (!id && !href) return shown;
  const again = (id && document.getElementById(id)) ||
    [...document.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === href);
  again?.focus({ preventScroll: true });
  return shown;
}

function replace(old, fresh) {
  return withFocus(old, () => {
    old.replaceWith(fresh);
    return fresh;
  });
}

/** The lists inside a region whose children have keys; the region itself when it is one. */
function keyedLists(region) {
  const lists = new Set();
  region.querySelectorAll("[data-key]").forEach((one) => lists.add(one.parentElement));
  return [...lists];
}

function morphList(list, fresh, { append = false } = {}) {
  const old = new Map([...list.children].filter((child) => child.dataset.key !== "unread").map((child) => [child.dataset.key, child]));
  const wanted = [...fresh.children];
  const keys = new Set(wanted.map((child) => child.dataset.key));
  for (const [key, child] of old) {
    if (!keys.has(key) && !append) withFocus(child, () => child.remove());
  }
  let place = append ? null : list.firstElementChild;
  for (const child of wanted) {
    let here = old.get(child.dataset.key);
    if (here && signature(here) !== signature(child) && isFree(here)) {
      const wasPlace = place === here;
      here = replace(here, child);
      if (wasPlace) place = here; // the old one is no longer in the list
    }
    if (!here) {
      here = child;
      child.classList.add("fresh");
      list.insertBefore(child, place);
    } else if (!append) {
      if (place === here) place = here.nextElementSibling;
      else if (here.isConnected) withFocus(here, () => list.insertBefore(here, place));
    }
    if (place === here) place = here.nextElementSibling;
  }
}

/** Whether two regions differ only in their keyed lists. */
function sameAround(region, fresh) {
  const bare = (element) => {
    const copy = element.cloneNode(true);
    keyedLists(copy).forEach((list) => list.replaceChildren());
    return signature(copy);
  };
  return bare(region) === bare(fresh) && keyedLists(region).length === keyedLists(fresh).length;
}

function morphRegion(region, fresh) {
  if (signature(region) === signature(fresh)) return false;
  if (region.dataset.live === "grow") {
    morphList(region, fresh, { append: true });
    return true;
  }
  if (sameAround(region, fresh)) {
    const lists = keyedLists(fresh);
    keyedLists(region).forEach((list, index) => morphList(list, lists[index]));
    return true;
  }
  if (!isFree(region)) return false;
  replace(region, fresh);
  return true;
}

/** Whether something was left as it is because the reader was in the middle of it. */
export function isBehind() {
  return behind;
}

/** Bring every live region up to date from a fetched document; how many changed. */
export function morph(fresh) {
  let changed = 0;
  behind = false;
  document.querySelectorAll("[data-live][id]").forEach((region) => {
    const other = fresh.getElementById(region.id);
    if (other && morphRegion(region, other)) changed += 1;
  });
  return changed;
}
