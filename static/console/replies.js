// Quick replies: a press puts the text where the cursor stands in the composer.

function put(text, said) {
  const [from, to] = [text.selectionStart, text.selectionEnd];
  const gap = from > 0 && !/\s$/.test(text.value.slice(0, from)) ? " " : "";
  text.setRangeText(gap + said, from, to, "end");
  text.dispatchEvent(new Event("input", { bubbles: true })); // the draft is kept
  text.focus();
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reply]");
    const text = button?.form?.elements.namedItem("text");
    if (!text) return;
    put(text, button.dataset.reply);
    button.closest("details")?.removeAttribute("open");
  });
}
