// Search, copy buttons and "Try it" for the documentation pages. Pages are complete without it.
"use strict";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// ----------------------------------------------------------------------------------------------------------------- search
const search = document.querySelector(".search");
const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
let index;

// The entries of the index; null where it did not load, and the next call tries again.
const loadIndex = () => (index ??= fetch("/docs/search.json").then((answer) => answer.json()).then((entries) =>
  entries.map((entry) => ({ ...entry, inTitle: entry.title.toLowerCase(), inPlace: entry.place.toLowerCase(), inText: entry.words.toLowerCase() })))
  .catch(() => (index = null)));

// A word counts most in a title, less in the path or the page's name, least in the text; each word must be somewhere.
const score = (entry, wanted) => {
  let sum = 0;
  for (const word of wanted) {
    const found = entry.inTitle.includes(word) * 6 + entry.inPlace.includes(word) * 3 + entry.inText.includes(word);
    if (!found) return 0;
    sum += found;
  }
  return sum;
};

async function showFound(input, box) {
  const wanted = words(input.value);
  box.hidden = wanted.length === 0;
  if (box.hidden) return;
  const entries = await loadIndex();
  if (words(input.value).join(" ") !== wanted.join(" ")) return; // typed on while the index was loading
  if (!entries) {
    box.querySelector("[role=status]").textContent = "The search did not load. Is the server running? Type again to retry.";
    box.querySelector("ol").replaceChildren();
    return;
  }
  const found = entries.map((entry) => [score(entry, wanted), entry]).filter(([sum]) => sum)
    .sort((one, other) => other[0] - one[0]).slice(0, 25);
  box.querySelector("[role=status]").textContent = `${found.length} results`;
  box.querySelector("ol").replaceChildren(...(found.length ? found.map(([, entry]) =>
    make("li", {}, make("a", { href: entry.url }, make("b", { textContent: entry.title }), make("small", { textContent: entry.place }))))
    : [make("li", { className: "none", textContent: "Nothing found" })]));
}

function startSearch() {
  const input = search.querySelector("input"), box = search.querySelector(".found");
  search.hidden = false;
  input.addEventListener("focus", () => { loadIndex(); showFound(input, box); });
  input.addEventListener("input", () => showFound(input, box));
  search.addEventListener("submit", (event) => { event.preventDefault(); box.querySelector("a")?.click(); });
  search.addEventListener("focusout", (event) => { if (!search.contains(event.relatedTarget)) box.hidden = true; });
  // A mouse press on the list must not take the focus away before the click arrives.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", () => { box.hidden = true; input.blur(); }); // a link to this page loads nothing
  search.addEventListener("keydown", (event) => {
    const links = [input, ...box.querySelectorAll("a")], place = links.indexOf(document.activeElement);
    if (event.key === "Escape") { box.hidden = true; input.focus(); box.hidden = true; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && links[place + step]) { event.preventDefault(); links[place + step].focus(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, textarea, select")) { event.preventDefault(); input.focus(); }
  });
}

// ------------------------------------------------------------------------------------------------------------------- copy
function addCopyButton(pre) {
  const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await copy(pre);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  const box = make("div", { className: "code" });
  pre.replaceWith(box);
  pre.tabIndex = 0; // a box that scrolls must be reachable by keyboard
  box.append(button, pre); // above the text: on it, the button would cover long lines
}

async function copy(element) {
  if (navigator.clipboard) return navigator.clipboard.writeText(element.textContent);
  getSelection().selectAllChildren(element); // plain HTTP from another machine has no clipboard
  document.execCommand("copy");
  return undefined;
}

// Commands name the address that this page came from, which the server need not know (a proxy, another port).
function useOwnAddress() {
  const { base } = document.body.dataset;
  if (base === location.origin) return;
  for (const code of document.querySelectorAll("pre code")) {
    if (code.textContent.includes(base)) code.textContent = code.textContent.replaceAll(base, location.origin);
  }
}

// -------------------------------------------------------------------------------------------------------------------- try
const SHOWN = 200_000; // characters of an answer; more makes a page slow
const TOKEN = "crossdock token";
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const basic = (form) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${form.client.value}:${form.secret.value}`)))}`;

function requestOf(form) {
  const fields = [...form.querySelectorAll("[data-in]")], of = (place) => fields.filter((each) => each.dataset.in === place && each.value);
  let path = form.dataset.path;
  for (const each of of("path")) path = path.replace(`{${each.dataset.name}}`, encodeURIComponent(each.value));
  const query = of("query").map((each) => `${encodeURIComponent(each.dataset.name)}=${encodeURIComponent(each.value)}`).join("&");
  const headers = Object.fromEntries(of("header").map((each) => [each.dataset.name, each.value]));
  if (form.token?.value) headers.Authorization = `Bearer ${form.token.value}`;
  if (form.body?.value) headers["Content-Type"] = form.dataset.media;
  return { url: location.origin + path + (query && `?${query}`), method: form.dataset.method, headers, body: form.body?.value || undefined };
}

function commandOf(form) {
  const { url, method, headers, body } = requestOf(form);
  const parts = [`curl -s ${method === (body ? "POST" : "GET") ? "" : `-X ${method} `}${quoted(url)}`];
  if (!form.token && form.client?.value) parts.push(`-u ${quoted(`${form.client.value}:${form.secret.value}`)}`);
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

async function getToken(form, answer) {
  try {
    const reply = await fetch("/hub/v1/token", { method: "POST", headers: { Authorization: basic(form) } });
    const content = await reply.json();
    if (!reply.ok) throw new Error(content.detail ?? reply.status);
    form.token.value = content.access_token;
    sessionStorage.setItem(TOKEN, content.access_token);
    form.dispatchEvent(new Event("input"));
  } catch (error) {
    answer.replaceChildren(make("p", { className: "bad", textContent: `No token: ${error.message}` }));
  }
}

// Indents JSON without parsing it: parsing would change the digits of numbers.
function indented(text) {
  let depth = 0, line = "", after = "";
  const wrap = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === "}" || token === "]") { depth -= 1; line += after === "{" || after === "[" ? token : wrap() + token; }
    else {
      if (after === "{" || after === "[" || after === ",") line += wrap();
      line += token === ":" ? ": " : token;
      if (token === "{" || token === "[") depth += 1;
    }
    after = token;
  }
  return line;
}

async function send(form, answer, stop) {
  const { url, ...request } = requestOf(form), abort = new AbortController(), began = performance.now();
  for (const each of form.querySelectorAll("[data-unique]")) request.headers[each.dataset.name] = each.value || `try-${Date.now()}`;
  if (!form.token && form.client?.value) request.headers.Authorization = basic(form);
  stop.hidden = false;
  stop.onclick = () => abort.abort();
  const code = make("code"), pre = make("pre", {}, code);
  try {
    const reply = await fetch(url, { ...request, signal: abort.signal, cache: "no-store" });
    const status = make("span", { className: `status ${reply.ok ? "" : "bad"}`, textContent: `${reply.status} ${reply.statusText}` });
    const headers = [...reply.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    answer.replaceChildren(make("p", {}, status, ` in ${Math.round(performance.now() - began)} ms`),
      make("details", {}, make("summary", { textContent: "Headers" }), make("pre", {}, make("code", { textContent: headers }))), pre);
    addCopyButton(pre);
    const media = reply.headers.get("content-type") ?? "", reader = reply.body?.getReader(), decoder = new TextDecoder();
    let text = "";
    for (let part; reader && text.length < SHOWN && !(part = await reader.read()).done; code.textContent = text) text += decoder.decode(part.value, { stream: true });
    if (text.length >= SHOWN) abort.abort();
    code.textContent = text.length >= SHOWN ? `${text}\n… cut here` : /[/+]json\b/.test(media) ? indented(text) : text;
    if (!text) pre.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") answer.replaceChildren(make("p", { className: "bad", textContent: `No answer: ${error.message}` }));
  }
  stop.hidden = true;
}

function startTry(box) {
  const form = box.querySelector("form"), answer = form.querySelector(".answer"), command = form.querySelector(".command");
  box.hidden = false;
  if (form.token) form.token.value = sessionStorage.getItem(TOKEN) ?? "";
  const update = () => { command.textContent = commandOf(form); };
  update();
  form.addEventListener("input", update);
  form.token?.addEventListener("change", () => sessionStorage.setItem(TOKEN, form.token.value));
  form.querySelector(".get-token")?.addEventListener("click", () => getToken(form, answer));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await send(form, answer, form.querySelector(".stop"));
  });
}

// ------------------------------------------------------------------------------------------------------------------ start
if (location.protocol.startsWith("http")) startSearch();
useOwnAddress();
document.querySelectorAll(".try").forEach(startTry);
document.querySelectorAll("pre").forEach(addCopyButton);
// Beside the text, the list of pages is open; above it, on a phone, it is closed.
const side = document.querySelector(".side details"), isWide = matchMedia("(min-width: 56.01rem)");
if (side) {
  const follow = () => { side.open = isWide.matches; };
  follow();
  isWide.addEventListener("change", follow);
}
