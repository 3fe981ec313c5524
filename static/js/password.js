// Shows a password while somebody asks to see it. It is hidden again before it is sent, so that no
// browser keeps it as something that was typed into an open field.

function show(button, isShown) {
  document.getElementById(button.dataset.shows).type = isShown ? "text" : "password";
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
