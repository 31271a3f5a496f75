// Connects the parts of the page: selecting a layer of an image updates all of them.

const panels = [...document.querySelectorAll(".panel")];
const tree = new Tree();
const treeForm = document.getElementById("tree-controls");
const selected = images.map(() => null);
let current = 0; // the image of the file tree

const follow = (image, layer) => {
  selected[image] = layer;
  tables[image].show(layer);
  current = image;
  fillViews();
  showTree();
};

const maps = panels.map((panel, at) => new Treemap(
  panel, images[at], images.length > 1 ? () => maps[1 - at] : null,
  { moved: (layer) => { if (layer !== selected[at]) follow(at, layer); }, show: (node, layer) => reveal(at, layer, node) },
));
const tables = [...document.querySelectorAll("table.layers")].map((table, at) => new Layers(table, (layer) => {
  maps[at].select(layer);
  follow(at, layer);
}));

const fillViews = () => {
  const image = images[current];
  const options = [[SEEN, "visible files"], [ALL, "all stored files"],
    ...image.layers.map((layer, at) => [at, `${layerName(at)}: ${shown(layer.text).slice(0, 60)}`])];
  treeForm.elements.view.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
  treeForm.elements.view.value = selected[current] === null ? SEEN : selected[current];
  if (treeForm.elements.image) treeForm.elements.image.value = current;
  document.getElementById("summed").textContent = image.summed ? `${plural(image.summed, "entry").replace("entrys", "entries")} `
    + `below ${size(image.threshold)} are summed up as “… smaller files” in each directory and are not searchable.` : "";
};

const view = () => {
  const { value } = treeForm.elements.view;
  return value === SEEN || value === ALL ? value : Number(value);
};

const showTree = () => {
  tree.set(images[current], view());
  if (tree.word) look();
};

const look = () => {
  const found = tree.search(treeForm.elements.text.value.trim());
  const matches = (number) => plural(number, "match").replace("matchs", "matches");
  const all = found === 0 && tree.view !== ALL ? tree.count(ALL) : 0;
  document.getElementById("hits").textContent = found === null ? ""
    : all ? `0 matches here, ${count(all)} in all stored files` : matches(found);
};

// Shows a node of an image in the tree: in the current view, or else in one that contains it.
const reveal = (image, layer, node) => {
  current = image;
  fillViews();
  const usual = selected[image] === null ? SEEN : selected[image];
  const fit = [usual, SEEN, layer, ALL].find((name) => name !== null && images[image].totals(name).here[node]);
  treeForm.elements.view.value = fit === undefined ? SEEN : fit;
  treeForm.elements.text.value = "";
  document.getElementById("hits").textContent = "";
  tree.word = "";
  tree.set(images[image], view());
  tree.reveal(node);
};

fillViews();
showTree();
for (const map of maps) map.draw();
startFindings(page.places, (image, layer, path) => reveal(image, layer, images[image].find(path).node));

let waiting = 0;
treeForm.elements.text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 150); });
treeForm.elements.view.addEventListener("change", showTree);
treeForm.elements.sort.addEventListener("change", (event) => { tree.sort = event.target.value; tree.set(tree.image, tree.view); });
if (treeForm.elements.image) treeForm.elements.image.addEventListener("change", (event) => {
  current = Number(event.target.value);
  fillViews();
  showTree();
});
const mapForm = document.getElementById("map-controls");
mapForm.addEventListener("change", (event) => {
  const { name, value, checked } = event.target;
  for (const map of maps) {
    if (name === "scale") map.same = checked;
    else map.group = value;
  }
  maps.forEach((map, at) => {
    if (name === "group") map.trail = [map.root()];
    map.draw();
    if (name === "group" && selected[at] !== null) map.select(selected[at]);
  });
});
for (const form of [treeForm, mapForm]) form.addEventListener("submit", (event) => event.preventDefault());
