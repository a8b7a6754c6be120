// The editor of a rejected order: line numbers, and the faults of the text while it is typed.
import { post } from "./console.js";

const form = document.querySelector(".source-form");
const area = document.getElementById("body");
const gutter = form.querySelector(".gutter");
const faults = document.getElementById("faults");
let marked = new Set([...faults.querySelectorAll("[data-line]")].map((each) => Number(each.dataset.line)));
let timer = 0;
let request = 0;

function number() {
  const count = area.value.split("\n").length;
  gutter.replaceChildren(...Array.from({ length: count }, (_, index) => {
    const line = document.createElement("span");
    line.textContent = index + 1;
    if (marked.has(index + 1)) line.className = "marked";
    return line;
  }));
  gutter.scrollTop = area.scrollTop;
}

async function check() {
  const mine = ++request;
  faults.setAttribute("aria-busy", "true");
  try {
    const answer = await post(form.dataset.check, { body: area.value });
    if (mine !== request) return;
    faults.innerHTML = answer.html; // rendered by the server, which escapes what customers typed
    marked = new Set(answer.lines);
    number();
  } catch (error) {
    if (mine === request) faults.textContent = error.message;
  } finally {
    if (mine === request) faults.removeAttribute("aria-busy");
  }
}

function goTo(line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] || "").length);
  const height = parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 6) * height);
}

area.addEventListener("input", () => {
  number();
  clearTimeout(timer);
  timer = setTimeout(check, 400);
});
area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
faults.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link) return;
  event.preventDefault();
  goTo(Number(link.dataset.line));
});
// Tab indents, after Escape it leaves the field, so that nobody is caught in it.
let leaves = false;
area.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { leaves = true; return; }
  if (event.key === "Tab" && !event.shiftKey && !leaves) {
    event.preventDefault();
    area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  }
  leaves = false;
});
number();
