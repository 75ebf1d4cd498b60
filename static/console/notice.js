// A gentle notice of new offers: a number in the title always; sound and a desktop notification
// only when the reader asked for them.
import { kept, say, toast } from "./words.js";

const title = document.title;
let offers = null;

function isOn() {
  return kept.get("notify") === "on";
}

function beep() {
  try {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = 660;
    loud.gain.setValueAtTime(0.08, audio.currentTime);
    loud.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
    tone.connect(loud).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.36);
  } catch {
    // No sound here: the title says it.
  }
}

function tell() {
  toast(say("offer"));
  if (!isOn()) return;
  beep();
  if (document.hidden && "Notification" in window && Notification.permission === "granted") {
    new Notification("chatops", { body: say("offer"), tag: "chatops-offer" });
  }
}

/** Look at the number of offers that the page shows now. */
export function look() {
  const now = Number(document.getElementById("tabs")?.dataset.offers || 0);
  if (offers !== null && now > offers) tell();
  offers = now;
  document.title = now ? `(${now}) ${title}` : title;
}

function showState() {
  document.querySelectorAll('[data-do="notify"]').forEach((button) => {
    button.setAttribute("aria-pressed", String(isOn()));
  });
}

export function toggle() {
  kept.set("notify", isOn() ? "off" : "on");
  showState();
  toast(say(isOn() ? "told" : "quiet"));
  if (isOn()) {
    beep();
    if ("Notification" in window && Notification.permission === "default") {
      Notification.requestPermission();
    }
  }
}

export function start() {
  showState();
  look();
}
