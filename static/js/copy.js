// Buttons that copy a field: `data-copies` is its id; the next element says how it went.

async function copy(event) {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.focus();
  field.select();
  const done = await copied(field.value);
  button.nextElementSibling.textContent = done ? button.dataset.done : button.dataset.failed;
}

/** Without https there is no clipboard, but the old command copies what is selected. */
async function copied(text) {
  try {
    if (!navigator.clipboard) return document.execCommand("copy");
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

document.addEventListener("click", copy);
