// Suggests a trigger word from the name, as long as nobody chose one.

const name = document.getElementById("id_name");
const word = document.getElementById("id_trigger_word");
const button = document.querySelector("[data-suggest]");
let suggested = "";

async function suggest() {
  if (!name.value.trim()) return name.focus();
  const before = word.value;
  const address = `${button.dataset.suggest}?name=${encodeURIComponent(name.value)}`;
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const text = answer.ok && !answer.redirected ? (await answer.json()).word : "";
    // Whatever was typed while we asked is theirs.
    if (text && word.value === before) fill(text);
  } catch {
    // Without a connection the word is suggested when the page is sent.
  }
}

function fill(text) {
  suggested = text;
  word.value = text;
  if (document.activeElement === word) word.select(); // about to be typed in: typing replaces it
  word.dispatchEvent(new Event("change", { bubbles: true }));
}

name.addEventListener("change", () => {
  const isOurs = word.value.trim() === "" || word.value === suggested;
  if (isOurs && name.value.trim()) suggest();
});
button.addEventListener("click", (event) => {
  event.preventDefault();
  suggest();
});
