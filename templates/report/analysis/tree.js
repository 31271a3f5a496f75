// The file tree. Only visible rows are in the document. aria-activedescendant names the active row, so
// that the focus stays on the tree itself.

const ROW = 26, SPARE = 8; // height in pixels; rows rendered beyond the visible ones

const permissions = (mode, kind) => {
  const bits = "rwxrwxrwx".split("").map((char, at) => (mode & (1 << (8 - at)) ? char : "-"));
  for (const [bit, at, set] of [[0o4000, 2, "s"], [0o2000, 5, "s"], [0o1000, 8, "t"]]) {
    if (mode & bit) bits[at] = bits[at] === "x" ? set : set.toUpperCase();
  }
  return ({ directory: "d", symlink: "l" }[kind] || "-") + bits.join("");
};

// A search matches globs if it contains * or ?, else substrings; paths if it contains a slash, else names.
const matcher = (text) => {
  const word = text.toLowerCase();
  const whole = word.includes("/");
  let fits = (name) => name.includes(word);
  if (/[*?]/.test(word)) {
    const body = word.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, "[^]*").replace(/\?/g, "[^]");
    const pattern = new RegExp(`${whole ? "" : "^"}${body}$`);
    fits = (name) => pattern.test(name);
  }
  return (image, i) => fits((whole ? image.path(i) : image.names[i]).toLowerCase());
};

class Tree {
  constructor() {
    this.box = document.getElementById("tree");
    this.inner = this.box.querySelector(".rows");
    Object.assign(this, { image: null, view: SEEN, sort: "size", open: new Set([0]), hits: null, active: 0, word: "" });
    this.box.addEventListener("scroll", () => this.paint());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.paint()).observe(this.box);
  }

  set(image, view) {
    const node = this.rows && this.image === image && this.rows[this.active] ? this.rows[this.active].node : 0;
    if (this.image !== image) this.open = new Set([0]);
    Object.assign(this, { image, view });
    this.search(this.word, node);
  }

  // Opens the directories of matching entries and returns the number of matches.
  search(word, node = 0) {
    this.word = word;
    this.hits = null;
    if (!word) { this.build(node); return null; }
    const { here } = this.image.totals(this.view);
    const fits = matcher(word);
    const hits = this.hits = new Map(); // whether the entry itself matches
    let found = 0;
    for (let i = 1; i < this.image.length; i++) {
      if (!here[i] || this.image.isRest(i) || !fits(this.image, i)) continue;
      found++;
      hits.set(i, true);
      for (let at = this.image.parent[i]; at >= 0 && !hits.has(at); at = this.image.parent[at]) hits.set(at, false);
    }
    this.closed = new Set(); // closed by the user during the search
    this.build(0);
    const first = this.rows.findIndex((row) => hits.get(row.node));
    this.activate(Math.max(first, 0), false);
    return found;
  }

  // The number of matches in another view.
  count(view) {
    const { here } = this.image.totals(view);
    const fits = matcher(this.word);
    let found = 0;
    for (let i = 1; i < this.image.length; i++) found += here[i] && !this.image.isRest(i) && fits(this.image, i);
    return found;
  }

  isOpen(node) { return this.hits ? this.hits.has(node) && !this.closed.has(node) : this.open.has(node); }

  sorted(node) {
    const { bytes, here } = this.image.totals(this.view);
    const found = this.image.below(node).filter((child) => here[child] && (!this.hits || this.hits.has(child)));
    const { names } = this.image;
    const byName = (a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : 0);
    if (this.sort === "name") return found.sort((a, b) => this.image.isRest(a) - this.image.isRest(b) || byName(a, b));
    return found.sort((a, b) => bytes[b] - bytes[a] || byName(a, b));
  }

  build(node) {
    this.rows = [];
    const stack = [{ node: 0, level: 1, place: 1, of: 1 }];
    while (stack.length) {
      const row = stack.pop();
      this.rows.push(row);
      if (!this.isOpen(row.node)) continue;
      const below = this.sorted(row.node);
      for (let at = below.length - 1; at >= 0; at--) {
        stack.push({ node: below[at], level: row.level + 1, place: at + 1, of: below.length });
      }
    }
    this.active = Math.max(this.rows.findIndex((row) => row.node === node), 0);
    this.inner.style.height = `${this.rows.length * ROW}px`;
    this.box.setAttribute("aria-rowcount", this.rows.length);
    this.paint();
  }

  paint() {
    if (!this.rows) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE);
    const last = Math.min(this.rows.length, first + Math.ceil(this.box.clientHeight / ROW) + 2 * SPARE);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.row(at));
    if (this.active < first || this.active >= last) rows.push(this.row(this.active));
    this.inner.replaceChildren(...rows);
    this.box.setAttribute("aria-activedescendant", `row-${this.active}`);
  }

  row(at) {
    const { node, level, place, of } = this.rows[at];
    const { image } = this;
    const sums = image.totals(this.view);
    const own = image.occurrence(node, this.view);
    const folds = sums.here[node] && image.below(node).length > 0;
    const gone = own !== null && own.change === "removed";
    const change = own === null || (own.kind === "directory" && !gone) ? "" : this.change(own);
    const element = el("div", {
      class: `row${at === this.active ? " active" : ""}${gone ? " gone" : ""}${image.isRest(node) ? " rest" : ""}`,
      id: `row-${at}`, role: "row", "data-row": at, "aria-level": level, "aria-posinset": place,
      "aria-setsize": of, "aria-rowindex": at + 1, "aria-selected": at === this.active,
    });
    element.setAttribute("aria-label", [image.label(node, this.view), size(gone ? own.bytes : sums.bytes[node]),
      change.slice(2), own === null || image.isRest(node) ? "" : layerName(own.layer)].filter(Boolean).join(", "));
    if (folds) element.setAttribute("aria-expanded", this.isOpen(node));
    element.style.top = `${at * ROW}px`;
    const name = el("span", { class: "name", role: "gridcell" },
      el("span", { class: "fold", "aria-hidden": "true" }, folds ? (this.isOpen(node) ? "▾" : "▸") : ""), this.name(node, own));
    name.style.paddingLeft = `${Math.min(level - 1, 24) * 0.875}rem`;
    element.append(name, this.cell("number", gone ? `(${size(own.bytes)})` : size(sums.bytes[node])),
      change ? el("span", { class: "change", role: "gridcell" }, change[0], el("span", {}, change.slice(1))) : this.cell("change", ""),
      this.cell("", own === null || image.isRest(node) ? "" : String(own.layer + 1)),
      this.cell("", own && own.owner && !gone ? permissions(own.owner[0], own.kind) : ""),
      this.cell("", own && own.owner && !gone ? `${own.owner[1]}:${own.owner[2]}` : ""));
    return element;
  }

  change(own) {
    if (this.view === SEEN) return "";
    if (own.change === "removed") return "− removed";
    const sign = own.change === "modified" ? "~ modified" : "+ added";
    return this.view === ALL && !own.visible ? `${sign}, hidden` : sign;
  }

  cell(name, text) { return el("span", { class: name, role: "gridcell" }, text); }

  name(node, own) {
    const text = this.image.label(node, this.view);
    const target = this.image.targets[node];
    const code = el("code");
    const at = this.hits && this.hits.get(node) && !/[*?/]/.test(this.word) ? text.toLowerCase().indexOf(this.word.toLowerCase()) : -1;
    if (at >= 0) code.append(text.slice(0, at), el("mark", {}, text.slice(at, at + this.word.length)), text.slice(at + this.word.length));
    else code.append(text);
    if (this.image.isDirectory(node) && node) code.append("/");
    if (target) code.append(` → ${shown(target)}`);
    const hint = shown(this.image.path(node)) + (own && own.layer >= 0 ? `, ${layerName(own.layer)}` : "");
    if (!this.image.isRest(node)) code.setAttribute("title", hint);
    return code;
  }

  activate(at, scroll = true) {
    this.active = Math.max(0, Math.min(this.rows.length - 1, at));
    const top = this.active * ROW, room = this.box.clientHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + ROW > this.box.scrollTop + room) this.box.scrollTop = top + ROW - room;
    if (!scroll) this.box.scrollTop = Math.max(0, top - room / 3);
    this.paint();
  }

  toggle(at, open) {
    const { node } = this.rows[at];
    if (!this.image.below(node).length || this.isOpen(node) === open) return;
    const set = this.hits ? this.closed : this.open;
    if (open === !this.hits) set.add(node); else set.delete(node);
    if (this.hits && !this.hits.has(node)) this.hits.set(node, false);
    this.build(node);
  }

  // Opens the parents of a node and makes it active.
  reveal(node) {
    for (let at = this.image.parent[node]; at >= 0; at = this.image.parent[at]) this.open.add(at);
    this.word = "";
    this.hits = null;
    this.build(node);
    this.activate(this.active, false);
    this.box.focus({ preventScroll: true });
    this.box.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const { node, level } = this.rows[this.active];
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (step) this.activate(this.active + step);
    else if (event.key === "ArrowRight") {
      if (this.image.below(node).length && this.isOpen(node)) this.activate(this.active + 1);
      else this.toggle(this.active, true);
    } else if (event.key === "ArrowLeft") {
      if (this.image.below(node).length && this.isOpen(node)) this.toggle(this.active, false);
      else {
        let at = this.active;
        while (at > 0 && this.rows[at].level >= level) at--;
        this.activate(at);
      }
    } else if (event.key === "Enter" || event.key === " ") this.toggle(this.active, !this.isOpen(node));
    else return;
    event.preventDefault();
  }

  click(event) {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    const at = Number(row.dataset.row);
    const again = at === this.active;
    this.activate(at);
    if (again || event.target.closest(".fold")) this.toggle(at, !this.isOpen(this.rows[at].node));
  }
}
