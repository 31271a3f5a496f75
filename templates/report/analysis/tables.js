// The tables of the page: selecting layers, filtering findings.

class Layers {
  constructor(table, select) {
    this.rows = [...table.querySelectorAll("tbody tr")];
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tbody tr");
      if (!row || String(getSelection())) return;
      select(row.classList.contains("selected") ? null : Number(row.dataset.layer));
    });
  }

  show(layer) {
    for (const row of this.rows) {
      const here = Number(row.dataset.layer) === layer;
      row.classList.toggle("selected", here);
      row.querySelector(".pick button").setAttribute("aria-pressed", here);
    }
  }
}

// `places`: image, layer and unescaped path of each row.
const startFindings = (places, show) => {
  const form = document.getElementById("filters");
  if (!form) return;
  const rows = [...document.querySelectorAll(".findings tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const word = form.elements.text.value.trim().toLowerCase();
    let number = 0;
    rows.forEach((row, at) => {
      const fits = ["kind", "code", "image"].every((name) => {
        const value = form.elements[name] ? form.elements[name].value : "";
        return !value || row.dataset[name] === value;
      });
      row.hidden = !(fits && texts[at].includes(word));
      number += !row.hidden;
    });
    document.getElementById("found").textContent = `${count(number)} of ${plural(rows.length, "finding")}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("[data-path]")) {
    const row = button.closest("tr");
    const [image, layer, path] = places[row.dataset.finding];
    button.setAttribute("aria-label", `Show ${shown(path)} in the file tree`);
    button.addEventListener("click", () => show(image, layer, path));
  }
  filter();
};
