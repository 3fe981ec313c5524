// Shows in the empty advanced fields what the chosen preset means for the chosen trainer, and
// which of them that trainer decides itself. What it cannot be asked for is neither shown nor sent.

const chosen = (name) => document.querySelector(`[name="${name}"]:checked`);

function valuesNow() {
  const presets = JSON.parse(chosen("option")?.dataset.presets ?? "{}");
  return presets[chosen("preset")?.value] ?? {};
}

function showKeeping(values) {
  const box = document.getElementById("keeping");
  box.hidden = !("keep_prior" in values) && !box.querySelector(".error");
  box.querySelector("select").disabled = box.hidden;
}

function showValues() {
  const values = valuesNow();
  showKeeping(values);
  for (const [name, value] of Object.entries(values)) {
    const field = document.getElementById(`id_${name}`);
    if (field?.matches("input")) field.placeholder = value;
  }
  document.getElementById("decides").textContent = chosen("option")?.dataset.decides ?? "";
}

document.addEventListener(
  "change",
  (event) => ["preset", "option"].includes(event.target.name) && showValues(),
);
showValues();
