// The data of the page: columns as arrays, sums over them, and formatting.

const KIND = ["file", "directory", "symlink", "hardlink", "device", "fifo", "rest"];
const CHANGE = ["added", "modified", "removed"];
const [DIRECTORY, REST, REMOVED, VISIBLE] = [1, 6, 2, 32];
const ALL = "all", SEEN = "seen"; // views; a number is the view of that layer

const el = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const svg = (name, attributes = {}) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const layerName = (index) => `layer ${index + 1}`;
const percent = (part, whole) => {
  const value = whole ? (part * 100) / whole : 0;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
};
const size = (number) => {
  for (const [limit, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    const value = number / limit;
    if (value >= 1) return `${value < 10 && unit === "GB" ? value.toFixed(2) : value.toFixed(0)} ${unit}`;
  }
  return number === 1 ? "1 byte" : `${number} bytes`;
};

// Escapes unprintable characters. Keep in sync with slimify/report/printable.py.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const shown = (text) => text.replace(UNSEEN, (char) => {
  let number = char.charCodeAt(0);
  if (number >= 0xdc80 && number <= 0xdcff) number -= 0xdc00;
  return SHORT[char] || (number < 0x100 ? "\\x" + number.toString(16).padStart(2, "0")
    : "\\u" + number.toString(16).padStart(4, "0"));
});

class Image {
  constructor(data) {
    Object.assign(this, { name: data.name, size: data.size, layers: data.layers });
    const tree = data.tree;
    this.names = tree.names;
    this.depths = tree.depths;
    this.occurrences = tree.occurrences;
    this.owners = tree.owners;
    this.targets = tree.targets;
    this.threshold = tree.threshold;
    this.summed = tree.summed;
    this.length = tree.names.length;
    this.cache = new Map();
    this.link(tree.counts);
    this.mark(data.waste);
  }

  link(counts) {
    const n = this.length;
    this.start = new Uint32Array(n + 1); // of a node's occurrences
    this.parent = new Int32Array(n).fill(-1);
    this.end = new Uint32Array(n); // the first node after the descendants
    this.children = new Array(n);
    const open = [];
    for (let i = 0; i < n; i++) {
      this.start[i + 1] = this.start[i] + counts[i] * 4;
      while (open.length && this.depths[open[open.length - 1]] >= this.depths[i]) this.end[open.pop()] = i;
      if (open.length) {
        const parent = open[open.length - 1];
        this.parent[i] = parent;
        (this.children[parent] ||= []).push(i);
      }
      open.push(i);
    }
    for (const i of open) this.end[i] = n;
  }

  // Bytes, files and presence of every node in a view.
  totals(view) {
    if (this.cache.has(view)) return this.cache.get(view);
    const n = this.length;
    const sums = { bytes: new Float64Array(n), files: new Float64Array(n), here: new Uint8Array(n) };
    const { bytes, files, here } = sums;
    const data = this.occurrences;
    for (let i = n - 1; i >= 0; i--) {
      for (let at = this.start[i]; at < this.start[i + 1]; at += 4) {
        const code = data[at + 1];
        if (view === SEEN ? !(code & VISIBLE) : view !== ALL && data[at] !== view) continue;
        here[i] = 1;
        const kind = code & 7;
        if (kind === DIRECTORY || ((code >> 3) & 3) === REMOVED) continue;
        bytes[i] += data[at + 2];
        files[i] += kind === REST ? data[at + 3] : 1;
      }
      const parent = this.parent[i];
      if (parent >= 0 && here[i]) {
        here[parent] = 1;
        bytes[parent] += bytes[i];
        files[parent] += files[i];
      }
    }
    this.cache.set(view, sums);
    return sums;
  }

  below(i) { return this.children[i] || []; }

  isDirectory(i) {
    if (this.children[i] || i === 0) return true;
    for (let at = this.start[i]; at < this.start[i + 1]; at += 4) {
      if ((this.occurrences[at + 1] & 7) === DIRECTORY) return true;
    }
    return false;
  }

  isRest(i) { return this.names[i] === "" && i > 0; }

  path(i) {
    const parts = [];
    for (let at = i; at > 0; at = this.parent[at]) parts.push(this.names[at]);
    return "/" + parts.reverse().join("/");
  }

  label(i, view) {
    if (!this.isRest(i)) return shown(i ? this.names[i] : "/");
    return `… ${plural(this.totals(view).files[i], "smaller file")}`;
  }

  // The node of a path, or of its nearest parent on the page.
  find(path) {
    let node = 0;
    for (const part of path.split("/").filter(Boolean)) {
      const next = this.below(node).find((child) => this.names[child] === part);
      if (next === undefined) return { node, exact: false };
      node = next;
    }
    return { node, exact: true };
  }

  // The waste that findings name: bytes by node and layer.
  mark(waste) {
    this.marks = new Map();
    this.marked = []; // its nodes in order
    for (const [layer, all, , paths] of waste) {
      let left = all;
      // The first path may contain the others: the remaining bytes belong to it.
      for (const path of [...paths.slice(1), paths[0]]) {
        const { node, exact } = this.find(path);
        if (!exact || !node || left <= 0) continue;
        const inLayer = layer in this.layers ? this.totals(layer).bytes[node] : 0;
        const view = inLayer ? layer : ALL;
        const bytes = Math.min(left, inLayer || this.totals(ALL).bytes[node]);
        const marks = this.marks.get(node) || new Map();
        marks.set(view, (marks.get(view) || 0) + bytes);
        this.marks.set(node, marks);
        left -= bytes;
      }
    }
    this.marked = [...this.marks.keys()].sort((a, b) => a - b);
    this.shares = new Map(this.marked.map((node) => [node, this.spread(node)]));
  }

  // The share of waste, by layer, for descendants of a marked node without own marks.
  spread(node) {
    return new Map([...this.marks.get(node)].map(([view, bytes]) => {
      let rest = this.totals(view).bytes[node];
      for (const below of this.markedBelow(node)) {
        for (const [other, known] of this.marks.get(below)) if (other === view || view === ALL) rest -= known;
      }
      return [view, rest > bytes ? bytes / rest : 1];
    }));
  }

  // The descendants of a node that findings name.
  *markedBelow(i) {
    let [low, high] = [0, this.marked.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marked[middle] > i) high = middle; else low = middle + 1;
    }
    for (; low < this.marked.length && this.marked[low] < this.end[i]; low++) yield this.marked[low];
  }

  // The share of waste in a node's bytes, 0 to 1, in one layer or, for null, in all.
  waste(i, layer) {
    const whole = this.totals(layer === null ? ALL : layer).bytes[i];
    if (!whole) return 0;
    let share = 0;
    for (let at = this.parent[i]; at > 0; at = this.parent[at]) {
      for (const [view, part] of this.shares.get(at) || []) {
        if (view === ALL || view === layer) share = Math.max(share, part);
        else if (layer === null) share = Math.max(share, (part * this.totals(view).bytes[i]) / whole);
      }
    }
    let below = 0;
    for (const [view, bytes] of this.marks.get(i) || []) {
      if (layer === null || view === ALL || view === layer) below += bytes;
    }
    const data = this.occurrences;
    for (let at = this.start[i]; at < this.start[this.end[i]]; at += 4) {
      const code = data[at + 1];
      if ((layer !== null && data[at] !== layer) || code & VISIBLE) continue;
      if ((code & 7) !== DIRECTORY && ((code >> 3) & 3) !== REMOVED) below += data[at + 2];
    }
    for (const node of this.markedBelow(i)) {
      for (const [view, bytes] of this.marks.get(node)) {
        if (layer === null || view === ALL || view === layer) below += bytes;
      }
    }
    return Math.min(1, Math.max(share, below / whole));
  }

  // The layer with most of a node's bytes.
  mainLayer(i) {
    const sums = new Float64Array(this.layers.length);
    const data = this.occurrences;
    for (let at = this.start[i]; at < this.start[this.end[i]]; at += 4) {
      const code = data[at + 1];
      if ((code & 7) !== DIRECTORY && ((code >> 3) & 3) !== REMOVED) sums[data[at]] += data[at + 2];
    }
    return sums.indexOf(Math.max(...sums));
  }

  // The last occurrence of a node in a view: its layer, kind, change, size and owner.
  occurrence(i, view) {
    const data = this.occurrences;
    for (let at = this.start[i + 1] - 4; at >= this.start[i]; at -= 4) {
      const code = data[at + 1];
      if (view === SEEN ? !(code & VISIBLE) : view !== ALL && data[at] !== view) continue;
      const kind = KIND[code & 7];
      return {
        layer: data[at], kind, change: CHANGE[(code >> 3) & 3], visible: Boolean(code & VISIBLE),
        bytes: data[at + 2], owner: kind === "rest" ? null : this.owners[data[at + 3]],
      };
    }
    return null;
  }

  layerText(index) {
    const layer = this.layers[index];
    if (!layer) return "";
    return layer.text + (layer.line === null ? "" : ` (Dockerfile line ${layer.line})`);
  }
}

const page = JSON.parse(document.getElementById("data").textContent);
const images = page.images.map((data) => new Image(data));
