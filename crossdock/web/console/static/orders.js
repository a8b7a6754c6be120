// The order list: search while typing, rows that stay up to date, menus that close.
import { getJson } from "/console/static/console.js";

const list = document.getElementById("orders");
const search = document.getElementById("search");
const table = list.querySelector("table");
const rows = document.getElementById("orders-rows");
const newOrders = document.getElementById("orders-new");
const POLL_MS = 5000;
let query = new URLSearchParams(location.search);
let feed = list.dataset.feed;
let waiting = 0;

/** Turn HTML that the server rendered into nodes. */
function nodes(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content;
}

/** The parameters of the list, with the columns that are shown. */
function parameters(more = {}) {
  const all = new URLSearchParams(query);
  all.set("columns", list.dataset.columns);
  Object.entries(more).forEach(([name, value]) => all.set(name, value));
  return all;
}

function selectedIds() {
  return new Set([...rows.querySelectorAll("input[name=order]:checked")].map((box) => box.value.split(":")[0]));
}

function select(ids) {
  rows.querySelectorAll("input[name=order]").forEach((box) => { box.checked = ids.has(box.value.split(":")[0]); });
  table.dispatchEvent(new Event("change"));
}

// --------------------------------------------------------------------------------------------------- filters and search
let asking = null;
async function load({ fresh = false } = {}) {
  asking?.abort();
  asking = new AbortController();
  const known = new Set([...rows.querySelectorAll("tr.row")].map((row) => row.dataset.id));
  const chosen = selectedIds();
  list.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await getJson(`/console/orders.json?${parameters()}`, { signal: asking.signal });
  } catch (error) {
    if (error.name !== "AbortError") list.removeAttribute("aria-busy");
    return;
  }
  list.removeAttribute("aria-busy");
  const { parts } = answer;
  rows.replaceChildren(nodes(parts.rows));
  document.getElementById("orders-foot").replaceChildren(nodes(parts.foot));
  document.getElementById("orders-tabs").replaceChildren(nodes(parts.tabs));
  document.getElementById("orders-chips").replaceChildren(nodes(parts.chips));
  table.hidden = rows.children.length === 0;
  if (fresh) rows.querySelectorAll("tr.row").forEach((row) => row.classList.toggle("fresh", !known.has(row.dataset.id)));
  select(chosen);
  feed = answer.feed;
  showNew(0, "");
  const url = `/console/orders${query.size ? `?${query}` : ""}`;
  history.replaceState(null, "", url);
  document.querySelectorAll(".present-query").forEach((field) => { field.value = String(query); });
  document.getElementById("orders-export").href = `/console/orders.csv?${query}`;
  const next = document.getElementById("bulk-next");
  if (next) next.value = url;
}

function searchFor(text) {
  if (text) query.set("q", text); else query.delete("q");
  query.delete("cursor");
  load();
}

let typing = 0;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => searchFor(search.value.trim()), 120);
});
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  searchFor(search.value.trim());
});

// ------------------------------------------------------------------------------------------------------------ live updates
function showNew(number, label) {
  waiting = number;
  newOrders.hidden = number === 0;
  newOrders.querySelector("span").textContent = label;
}

newOrders.addEventListener("click", () => {
  query.delete("cursor");
  load({ fresh: true });
});

async function refresh(ids) {
  const shown = ids.filter((id) => rows.querySelector(`tr[data-id="${CSS.escape(id)}"]`));
  if (!shown.length) return;
  const answer = await getJson(`/console/order-rows?${parameters({ ids: shown.join(",") })}`);
  const chosen = selectedIds();
  Object.entries(answer.rows).forEach(([id, html]) => {
    const old = rows.querySelector(`tr[data-id="${CSS.escape(id)}"]`);
    const row = nodes(html).querySelector("tr");
    if (!old || !row) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.tagName.toLowerCase() : "";
    row.classList.toggle("current", old.classList.contains("current"));
    row.classList.add("fresh");
    old.replaceWith(row);
    if (focused) row.querySelector(focused)?.focus();
  });
  select(chosen);
}

async function poll() {
  if (document.hidden) return;
  const answer = await getJson(`/console/order-changes?${parameters({ after: feed, new: waiting })}`);
  feed = answer.cursor;
  if (answer.new !== waiting) showNew(answer.new, answer.label);
  await refresh(answer.changed);
}

let failures = 0;
async function pollAgain() {
  try {
    await poll();
    failures = 0;
  } catch {
    failures += 1; // signed out, or the server is away: ask less and less often
  }
  setTimeout(pollAgain, POLL_MS * Math.min(12, 2 ** failures));
}
setTimeout(pollAgain, POLL_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll().catch(() => {}); });

// ------------------------------------------------------------------------------------------------------------------ menus
const menus = [...document.querySelectorAll("details.menu")];
menus.forEach((menu) => menu.addEventListener("toggle", () => {
  if (menu.open) {
    menus.forEach((other) => { if (other !== menu) other.open = false; });
    menu.querySelector("input:not([type=hidden]), select, a")?.focus();
  }
}));
document.addEventListener("click", (event) => {
  menus.forEach((menu) => { if (menu.open && !menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key === "Escape" && open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// -------------------------------------------------------------------------------------------------------------- selection
const none = document.getElementById("bulk-none");
if (none) {
  none.hidden = false;
  none.addEventListener("click", () => select(new Set()));
}
let last = null;
rows.addEventListener("click", (event) => {
  const box = event.target.closest("input[name=order]");
  if (!box) return;
  const boxes = [...rows.querySelectorAll("input[name=order]")];
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
    boxes.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    table.dispatchEvent(new Event("change"));
  }
  last = box;
});
