// The list of Dockerfiles: filtered, sorted, and moved through with keys.

const form = document.getElementById("controls");
const list = document.querySelector(".files");
const rows = [...list.children];
const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
const numbers = new Map(rows.map((row, at) => [row, at]));
const { text, sort } = form.elements;
const choices = [...form.querySelectorAll("select")].filter((choice) => choice !== sort);

const filter = () => {
  const word = text.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = !(texts.get(row).includes(word)
      && choices.every(({ name, value }) => !value || row.dataset[name] === value));
    shown += !row.hidden;
  }
  document.getElementById("count").textContent = `${count(shown)} of ${plural(rows.length, "Dockerfile")}`;
};

const place = (row) => row.querySelector(".path").textContent;
const orders = {
  saving: (one, other) => numbers.get(one) - numbers.get(other),
  image: (one, other) => other.dataset.image - one.dataset.image,
  name: (one, other) => place(one).localeCompare(place(other), "en"),
};

// Opens the row that the address names, whatever the filter hides.
const follow = () => {
  const row = document.getElementById(location.hash.slice(1));
  if (!row || row.tagName !== "DETAILS") return;
  if (row.parentElement.hidden) form.reset();
  filter();
  row.open = true;
  row.scrollIntoView({ block: "start" });
  row.firstElementChild.focus();
};

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
sort.addEventListener("change", () => list.append(...[...rows].sort(orders[sort.value])));
addEventListener("hashchange", follow);
for (const link of document.querySelectorAll("[data-group]")) link.addEventListener("click", (event) => {
  event.preventDefault();
  form.reset();
  text.value = link.dataset.group;
  if (location.hash === link.hash) follow();
  else location.hash = link.hash;
});
list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.tagName !== "SUMMARY") return;
  const seen = [...list.children].filter((row) => !row.hidden).map((row) => row.querySelector("summary"));
  const next = seen[seen.indexOf(event.target) + step];
  if (next) next.focus();
  event.preventDefault();
});
filter();
follow();
