// Counts what a scanner reads in the form with data-scan: a code adds one unit to the line that has it. What is wrong is said in
// red, with a low tone. A scanner types a code and presses Enter; without this script the server counts.

// ------------------------------------------------------------------------------------------------- the choice of the location
document.querySelectorAll("form[data-autosubmit]").forEach((form) => {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
});

// -------------------------------------------------------------------------------------------------------------------- tones
let audio = null;
function tone(frequency, seconds) {
  try {
    audio ||= new AudioContext();
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.12;
    oscillator.frequency.value = frequency;
    oscillator.type = "square";
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start();
    oscillator.stop(audio.currentTime + seconds);
  } catch { /* a device without sound */ }
}

// ----------------------------------------------------------------------------------------------------------------- counting
/** The same as on the server: case makes no difference, nor do leading zeros of a number. */
function normalized(code) {
  const text = code.trim().toLowerCase();
  return /^\d+$/.test(text) ? text.replace(/^0+/, "") : text;
}

function start(form) {
  const input = form.querySelector("#scan");
  const said = form.querySelector("#scan-said");
  const rows = [...form.querySelectorAll("tr[data-codes]")].map((row) => ({
    row, codes: JSON.parse(row.dataset.codes), field: row.querySelector("input[data-most]"),
  }));
  let isReset = !form.dataset.reset;

  function say(text, kind) {
    said.className = `said ${kind}`;
    said.textContent = text;
    if (kind === "wrong") { tone(180, 0.35); navigator.vibrate?.(300); } else if (kind === "right") tone(1200, 0.06);
  }

  function counted(each) { return Number.parseInt(each.field.value, 10) || 0; }
  function most(each) { return Number(each.field.dataset.most); }
  function show() {
    rows.forEach((each) => {
      if (each.field) each.row.classList.toggle("complete", counted(each) >= most(each));
    });
  }

  function isComplete() {
    return rows.some((each) => each.field) && rows.every((each) => !each.field || counted(each) >= most(each));
  }

  function count(code) {
    let units = 1;
    let found = rows.filter((each) => each.codes.includes(normalized(code)));
    const times = /^(\d{1,6})\*(.+)$/.exec(code.trim());
    if (!found.length && times) {
      units = Number(times[1]);
      found = rows.filter((each) => each.codes.includes(normalized(times[2])));
    }
    if (!found.length) { say(form.dataset.unknown.replace("{code}", code), "wrong"); return; }
    if (!isReset) {
      rows.forEach((each) => { if (each.field) each.field.value = "0"; });
      isReset = true;
    }
    const line = found.find((each) => each.field && counted(each) + units <= most(each));
    if (!line) { say(form.dataset.complete.replace("{code}", code), "wrong"); return; }
    line.field.value = String(counted(line) + units);
    rows.forEach((each) => each.row.classList.toggle("current", each === line));
    line.row.scrollIntoView({ block: "nearest" });
    show();
    const name = line.row.querySelector(".sub, .sku")?.textContent || code;
    const text = `${name}: ${counted(line)} / ${most(line)}`;
    say(isComplete() ? `${text}. ${form.dataset.all}` : text, "right");
  }

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const code = input.value.trim();
    input.value = "";
    if (code) count(code);
    else if (isComplete()) form.requestSubmit(form.querySelector("[data-main]"));
  });
  form.querySelector("button[value=scan]").addEventListener("click", (event) => {
    event.preventDefault();
    const code = input.value.trim();
    input.value = "";
    if (code) count(code);
    input.focus();
  });
  // Enter in a field of the table saves; the first button of the form, which Enter would press, counts.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target === input || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-main]"));
  });
  form.addEventListener("input", show);
  show();
}

document.querySelectorAll("form[data-scan]").forEach(start);
