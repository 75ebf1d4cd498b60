// The heartbeat: tells that somebody is at the screen, and shows who else looks at this chat.

const BEAT_MS = 15000;
let moved = true;

/** The chat that is shown; none any more once it went to a colleague. */
function session() {
  return document.querySelector("[data-screen=session]")?.dataset.session || "";
}

function body(more) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  return new URLSearchParams({ csrfmiddlewaretoken: token, session: session(), ...more });
}

async function beat() {
  const hidden = document.hidden;
  if (hidden && !moved) return;
  const active = moved;
  moved = false;
  try {
    const answer = await fetch(document.body.dataset.here, {
      method: "POST",
      body: body({ ...(active && { active: "1" }), ...(hidden && { left: "1" }) }),
      headers: { "X-Fragment": "1" },
      credentials: "same-origin",
      redirect: "error",
    });
    const box = document.getElementById("lookers");
    if (box && answer.ok) show(box, (await answer.json()).others);
  } catch {
    moved ||= active; // the next beat tells it
  }
}

function show(box, text) {
  if (box.textContent !== text) box.textContent = text;
  box.hidden = !text;
}

export function start() {
  if (!document.body.dataset.here) return;
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
    addEventListener(kind, () => (moved = true), { passive: true });
  }
  if (session()) {
    addEventListener("pagehide", () => {
      navigator.sendBeacon(document.body.dataset.here, body({ left: "1" }));
    });
    document.addEventListener("visibilitychange", () => {
      moved = true;
      beat();
    });
  }
  beat();
  setInterval(beat, BEAT_MS);
}
