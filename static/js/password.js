// Shows a password while somebody asks to see it. It is hidden again before it is sent, so that no
// browser keeps it as something that was typed into an open field.

// Of an open field a browser may ask a spelling service, and a phone begins it with a capital letter.
const AS_TYPED = { spellcheck: "false", autocapitalize: "none", autocorrect: "off" };

function show(button, isShown) {
  const field = document.getElementById(button.dataset.shows);
  for (const [name, value] of Object.entries(AS_TYPED)) field.setAttribute(name, value);
  field.type = isShown ? "text" : "password";
  button.setAttribute("aria-pressed", String(isShown));
}

const buttons = () => document.querySelectorAll("[data-shows]");

function hideAll() {
  for (const button of buttons()) show(button, false);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-shows]");
  if (button) show(button, button.getAttribute("aria-pressed") !== "true");
});
document.addEventListener("submit", hideAll, { capture: true });
addEventListener("pagehide", hideAll);
