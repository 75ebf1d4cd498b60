// A note on one message: the link at the message turns the form of notes to it.

function form() {
  return document.querySelector("form[data-notes]");
}

/** Turn the form to a message, or to the whole chat. */
function turn(id, text) {
  const box = form();
  box.elements.namedItem("message").value = id;
  const about = box.querySelector(".about");
  about.hidden = !id;
  about.querySelector("q").textContent = text;
  box.elements.namedItem("note").focus();
}

function quote(link) {
  const said = link.closest("[data-key]").querySelector(".bubble").textContent.trim();
  return said.length > 80 ? `${said.slice(0, 79)}…` : said;
}

/** The key: a note on the message where the focus is, else on the chat. */
export function write() {
  if (!form()) return false;
  const link = document.activeElement?.closest("[data-key]")?.querySelector("[data-note]");
  if (link) turn(link.dataset.note, quote(link));
  else turn("", "");
  return true;
}

export function start() {
  document.addEventListener("click", (event) => {
    if (!form()) return;
    const link = event.target.closest("[data-note], [data-whole]");
    if (!link) return;
    event.preventDefault();
    if (link.matches("[data-note]")) turn(link.dataset.note, quote(link));
    else turn("", "");
  });
}
