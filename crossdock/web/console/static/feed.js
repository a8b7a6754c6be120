// Adds new events to the feed while the page is looked at.
import { getJson } from "./console.js";

const list = document.getElementById("feed");
const toggle = document.getElementById("live");
const status = document.getElementById("feed-status");
const EVERY_MS = 3000;
const MOST = 500; // rows that stay in the page
let isOn = true;

function add(html, count) {
  const rows = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html").querySelector("ol"); // escaped by the server
  const before = document.documentElement.scrollHeight;
  list.prepend(...[...rows.children].map((row) => document.importNode(row, true)));
  // Who has scrolled down goes on reading at the same place.
  if (window.scrollY > 200) window.scrollBy(0, document.documentElement.scrollHeight - before);
  while (list.children.length > MOST) list.lastElementChild.remove();
  document.getElementById("feed-empty").hidden = true;
  status.textContent = list.dataset.announce.replace("{n}", count);
}

let isPolling = false;

async function poll() {
  if (isOn && !document.hidden && !isPolling) {
    isPolling = true;
    const url = new URL(list.dataset.url, location.href);
    url.searchParams.set("after", list.dataset.after);
    try {
      const answer = await getJson(url);
      list.dataset.after = answer.cursor;
      if (answer.count) add(answer.html, answer.count);
      toggle.classList.remove("failing");
    } catch {
      toggle.classList.add("failing");
    }
    isPolling = false;
  }
}

if ("live" in list.dataset) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    isOn = !isOn;
    toggle.setAttribute("aria-pressed", String(isOn));
    toggle.querySelector(".live-label").textContent = isOn ? toggle.dataset.on : toggle.dataset.off;
  });
  setInterval(poll, EVERY_MS);
  document.addEventListener("visibilitychange", poll);
}
