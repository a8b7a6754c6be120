// Reads the chosen file into the text of the import's form, so that the form without scripts and this one are the same.

const box = document.querySelector("[data-file]");
const input = box?.querySelector("input");
if (box && input) {
  box.hidden = false;
  input.addEventListener("change", async () => {
    if (input.files[0]) document.getElementById("text").value = await input.files[0].text();
  });
}
