// The first page: its figures stay up to date, and an empty organization shows its first order when it arrives.
import { getJson } from "/console/static/console.js";

const today = document.getElementById("today");
const FIRST_ORDER_MS = 2000;
const FIGURES_MS = 30000;

async function awaitFirstOrder() {
  const answer = document.hidden ? null : await getJson("/console/first-order.json").catch(() => null);
  if (!answer?.url) {
    setTimeout(awaitFirstOrder, FIRST_ORDER_MS);
    return;
  }
  document.getElementById("first-order").classList.add("arrived");
  document.getElementById("first-order-text").textContent = answer.text;
  const link = document.getElementById("first-order-link");
  link.href = answer.url;
  link.hidden = false;
}

async function refresh() {
  // Not while somebody reads the table, or stands on a link with the keyboard.
  if (!document.hidden && !today.querySelector("details[open]") && !today.contains(document.activeElement)) {
    const answer = await getJson("/console/today.json").catch(() => null);
    if (answer) {
      const holder = document.createElement("template");
      holder.innerHTML = answer.html; // rendered by the server
      today.replaceChildren(holder.content);
    }
  }
  setTimeout(refresh, FIGURES_MS);
}

if (today.dataset.orders === "0") awaitFirstOrder();
else setTimeout(refresh, FIGURES_MS);
