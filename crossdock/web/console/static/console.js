// What every page of the console needs a script for: the menu, the time zone, shortcuts, the command palette, confirmations,
// the selection of rows. Pages work without it for reading. Other modules import `post` from here.

const body = document.body;
body.classList.add("has-scripts");

// --------------------------------------------------------------------------------------------------------------- time zone
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const known = document.cookie.split("; ").find((each) => each.startsWith("crossdock_zone="));
if (known !== `crossdock_zone=${zone}`) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `crossdock_zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  // The page that is shown first had the times in UTC; load it again, unless cookies are off.
  if (document.querySelector("time") && document.cookie.includes("crossdock_zone=") && zone !== "UTC") location.reload();
}

// ---------------------------------------------------------------------------------------------------------------- requests
/** Send a form's fields as a script; resolves to the JSON answer, rejects with an Error that has its message. */
export async function post(url, fields) {
  const form = new URLSearchParams(fields);
  const answer = await fetch(url, {
    method: "POST", body: form, headers: { Accept: "application/json", "X-CSRF-Token": body.dataset.csrf || "" },
  });
  const value = await answer.json().catch(() => ({ error: answer.statusText }));
  if (!answer.ok) throw Object.assign(new Error(value.error || answer.statusText), { value, status: answer.status });
  return value;
}

/** Get JSON from the server. */
export async function getJson(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

// -------------------------------------------------------------------------------------------------------------------- menu
const menuButton = document.querySelector(".menu-button");
const navigation = document.getElementById("navigation");
if (menuButton && navigation) {
  menuButton.hidden = false;
  menuButton.addEventListener("click", () => {
    const open = navigation.classList.toggle("open");
    menuButton.setAttribute("aria-expanded", String(open));
  });
}

// ----------------------------------------------------------------------------------------------------------- confirmations
const confirmDialog = document.getElementById("confirm");
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && confirmDialog && !form.dataset.confirmed) {
    event.preventDefault();
    confirmDialog.querySelector("p").textContent = question;
    confirmDialog.returnValue = "no";
    confirmDialog.showModal();
    confirmDialog.addEventListener("close", () => {
      if (confirmDialog.returnValue !== "yes") return;
      form.dataset.confirmed = "1";
      form.requestSubmit(event.submitter || undefined);
    }, { once: true });
    return;
  }
  // A form that is sent twice by a double click is sent once.
  if (form.method === "post" && !event.defaultPrevented) {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; delete form.dataset.confirmed; }, 3000);
  }
});

// --------------------------------------------------------------------------------------------------------- command palette
const palette = document.getElementById("palette");
const paletteInput = document.getElementById("palette-input");
const paletteItems = palette ? [...palette.querySelectorAll("li")] : [];
let shown = [];
let at = 0;

function filterPalette() {
  const words = paletteInput.value.toLowerCase().split(/\s+/).filter(Boolean);
  palette.querySelectorAll("li.found").forEach((each) => each.remove());
  shown = paletteItems.filter((each) => {
    each.hidden = !words.every((word) => each.textContent.toLowerCase().includes(word));
    return !each.hidden;
  });
  if (words.length) {
    const search = document.createElement("li");
    search.className = "found";
    search.setAttribute("role", "option");
    // The server opens the order of exactly this number, and else searches.
    search.dataset.url = `/console/order-by-number?number=${encodeURIComponent(paletteInput.value.trim())}`;
    search.textContent = `${document.querySelector(".top .search label").textContent}: ${paletteInput.value.trim()}`;
    search.addEventListener("click", () => choose(search));
    palette.querySelector("ul").append(search);
    shown.push(search);
  }
  mark(0);
}

function mark(place) {
  at = Math.max(0, Math.min(place, shown.length - 1));
  shown.forEach((each, index) => {
    each.id = `palette-option-${index}`;
    each.setAttribute("aria-selected", String(index === at));
  });
  if (shown[at]) {
    paletteInput.setAttribute("aria-activedescendant", shown[at].id);
    shown[at].scrollIntoView({ block: "nearest" });
  }
}

function choose(item) {
  if (!item) return;
  palette.close();
  if (item.dataset.dialog) document.getElementById(item.dataset.dialog).showModal();
  else if (item.dataset.click) document.querySelector(item.dataset.click)?.click();
  else location.href = item.dataset.url;
}

function openPalette() {
  if (!palette || palette.open) return;
  paletteInput.value = "";
  palette.showModal();
  filterPalette();
  paletteInput.focus();
}

if (palette) {
  document.querySelectorAll("[data-palette]").forEach((each) => {
    each.hidden = false;
    each.addEventListener("click", openPalette);
  });
  paletteInput.addEventListener("input", filterPalette);
  paletteInput.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { mark(at + 1); event.preventDefault(); }
    if (event.key === "ArrowUp") { mark(at - 1); event.preventDefault(); }
    if (event.key === "Enter") { choose(shown[at]); event.preventDefault(); }
  });
  paletteItems.forEach((each) => each.addEventListener("click", () => choose(each)));
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
}

// --------------------------------------------------------------------------------------------------------------- shortcuts
let pending = "";
function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox";
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    openPalette();
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (pending === "g") {
    pending = "";
    const link = document.querySelector(`.navigation [data-shortcut="${CSS.escape(event.key)}"]`);
    if (link) { link.click(); event.preventDefault(); }
    return;
  }
  const rows = [...document.querySelectorAll("tr.row")];
  const current = rows.findIndex((row) => row.classList.contains("current"));
  if (event.key === "g") {
    pending = "g";
    setTimeout(() => { pending = ""; }, 1200);
  } else if (event.key === "/") {
    document.getElementById("search")?.focus();
    event.preventDefault();
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  } else if ((event.key === "j" || event.key === "k") && rows.length) {
    const next = Math.max(0, Math.min(rows.length - 1, current + (event.key === "j" ? 1 : -1)));
    rows.forEach((row, index) => row.classList.toggle("current", index === next));
    rows[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && current >= 0 && event.target === body) {
    rows[current].querySelector("a")?.click();
  } else if (event.key === "x" && current >= 0) {
    rows[current].querySelector("input[type=checkbox]")?.click();
  } else {
    // A page's own shortcuts: a button or link with data-key.
    const own = [...document.querySelectorAll("main [data-key]")].find((each) => each.dataset.key === event.key);
    if (own) { own.click(); event.preventDefault(); }
  }
});

// ------------------------------------------------------------------------------------------------------ selection of rows
// A table with data-selects has a checkbox in each row and one in its head; the element with data-bulk is shown while rows
// are selected, and its .selected-count says how many.
document.querySelectorAll("table[data-selects]").forEach((table) => {
  const all = table.querySelector("thead input[type=checkbox]");
  const bulk = document.querySelector("[data-bulk]");
  const boxes = () => [...table.querySelectorAll("tbody input[type=checkbox]")];
  function update() {
    const chosen = boxes().filter((box) => box.checked);
    boxes().forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    if (bulk) {
      bulk.hidden = chosen.length === 0;
      bulk.querySelectorAll(".selected-count").forEach((each) => { each.textContent = chosen.length; });
    }
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes().length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
  }
  if (all) all.addEventListener("change", () => { boxes().forEach((box) => { box.checked = all.checked; }); update(); });
  table.addEventListener("change", update);
  update();
});

// ------------------------------------------------------------------------------------------------------------------- copy
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    const label = button.textContent;
    button.textContent = button.dataset.done || "✓";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
});
