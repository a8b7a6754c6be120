// The page of one order, and the forms on it: tells the server that somebody looks, and the person who else does and whether the
// order has changed. Nothing that was typed is lost: the page only says so.
import { post } from "/console/static/console.js";

const EVERY_MS = 5000;
const part = document.querySelector("[data-order]");
const also = document.querySelector("[data-also]");
const changed = document.querySelector("[data-changed]");

function tell(notice, text) {
  if (!notice) return;
  if (notice.hidden === Boolean(text) || notice.querySelector("p").textContent !== text) {
    notice.querySelector("p").textContent = text;
    notice.hidden = !text;
  }
}

async function beat() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await post(`${part.dataset.order}/presence`, { version: part.dataset.version });
    tell(also, answer.also);
    tell(changed, answer.changed);
  } catch {
    // The server is away, or the session has ended; the next page says so.
  }
}

if (part) {
  beat();
  setInterval(beat, EVERY_MS);
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pagehide", () => {
    const form = new URLSearchParams({ csrf: document.body.dataset.csrf || "", leave: "1" });
    navigator.sendBeacon(`${part.dataset.order}/presence`, form);
  });
}

// Menus of actions close by a click elsewhere and by Escape.
document.querySelectorAll("details.menu").forEach((menu) => {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// A preview is what the person asked for: show it, also on a phone.
const preview = document.getElementById("preview-part");
if (preview) {
  preview.focus({ preventScroll: true });
  preview.scrollIntoView({ block: "nearest" });
}
