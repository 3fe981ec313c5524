// Suggests a trigger word from the name until the user enters one.

const name = document.getElementById("id_name");
const word = document.getElementById("id_trigger_word");
const button = document.querySelector("[data-suggest]");
let suggested = "";

async function suggest() {
  if (!name.value.trim()) return name.focus();
  const before = word.value;
  const address = `${button.dataset.suggest}?name=${encodeURIComponent(name.value)}`;
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    const text = response.ok && !response.redirected ? (await response.json()).word : "";
    // Never overwrite a word that the user entered in the meantime.
    if (text && word.value === before) fill(text);
  } catch {
    // Without a connection the server suggests the word when the form is sent.
  }
}

function fill(text) {
  suggested = text;
  word.value = text;
  if (document.activeElement === word) word.select(); // so that typing replaces it
  word.dispatchEvent(new Event("change", { bubbles: true }));
}

name.addEventListener("change", () => {
  const isUntouched = word.value.trim() === "" || word.value === suggested;
  if (isUntouched && name.value.trim()) suggest();
});
button.addEventListener("click", (event) => {
  event.preventDefault();
  suggest();
});
