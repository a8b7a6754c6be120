// Pages that change while one looks at them load themselves again.
async function refresh() {
  const live = document.getElementById("live");
  if (!live?.dataset.refresh) return;
  await new Promise((resolve) => { setTimeout(resolve, live.dataset.refresh * 1000); });
  if (document.hidden || document.querySelector("dialog[open]")) { refresh(); return; }
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const newer = page.getElementById("live");
    // The page of the server, which escapes what customers typed.
    if (newer && newer.textContent !== live.textContent) live.replaceWith(document.importNode(newer, true));
    else if (newer) live.dataset.refresh = newer.dataset.refresh || "";
  }
  refresh();
}
refresh();
