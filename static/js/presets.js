// Shows the values of the chosen preset in the empty advanced fields.

const FIELDS = ["epochs", "learning_rate", "batch_size"];

function showValues() {
  const chosen = document.querySelector('[name="preset"]:checked');
  for (const name of FIELDS) {
    document.getElementById(`id_${name}`).placeholder = chosen?.getAttribute(`data-${name}`) ?? "";
  }
}

document.addEventListener("change", (event) => event.target.name === "preset" && showValues());
showValues();
