// A squarified treemap (Bruls, Huizing, van Wijk 2000), drawn as SVG and redrawn for each level.

const HEAD = 15, PAD = 2, LEAST = 10; // pixels; LEAST is the smallest area drawn separately

// Divides a rectangle among items in proportion to their bytes, the largest first.
const squarify = (items, x, y, width, height) => {
  const found = [];
  const scale = (width * height) / items.reduce((sum, item) => sum + item.bytes, 0);
  let at = 0;
  while (at < items.length && width > 0 && height > 0) {
    const side = Math.min(width, height);
    let row = 0, end = at, worst = Infinity;
    while (end < items.length) {
      const area = row + items[end].bytes * scale;
      const first = items[at].bytes * scale, last = items[end].bytes * scale;
      const next = Math.max((side * side * first) / (area * area), (area * area) / (side * side * last));
      if (next > worst) break;
      [worst, row, end] = [next, area, end + 1];
    }
    const thick = row / side;
    let along = width < height ? x : y;
    for (; at < end; at++) {
      const long = (items[at].bytes * scale) / thick;
      found.push(width < height ? [items[at], along, y, long, thick] : [items[at], x, along, thick, long]);
      along += long;
    }
    if (width < height) [y, height] = [y + thick, height - thick];
    else [x, width] = [x + thick, width - thick];
  }
  return found;
};

class Treemap {
  constructor(panel, image, other, events) {
    Object.assign(this, { image, other, events, group: "layer", same: other !== null });
    this.canvas = panel.querySelector(".canvas");
    this.crumbs = panel.querySelector(".crumbs");
    this.info = panel.querySelector(".info");
    this.trail = [this.root()];
    this.legend(panel.querySelector(".legend"));
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => this.hide());
    this.canvas.addEventListener("focusin", (event) => this.focused(event.target));
    this.canvas.addEventListener("focusout", () => { this.ring.replaceChildren(); this.hide(); });
    addEventListener("scroll", () => this.hide(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(this.canvas);
  }

  // An item is a node of the tree, in one layer or in all; grouped by layer, the root contains the layers.
  root() {
    const bytes = this.image.totals(ALL).bytes[0];
    return { node: 0, layer: null, bytes, top: this.group === "layer" };
  }

  get place() { return this.trail[this.trail.length - 1]; }

  children(item) {
    const { image } = this;
    if (item.leaf) return [];
    if (item.top) {
      return image.layers.map((_, layer) => ({ node: 0, layer, bytes: image.totals(layer).bytes[0] }))
        .filter((child) => child.bytes > 0).sort((a, b) => b.bytes - a.bytes);
    }
    const { bytes } = image.totals(item.layer === null ? ALL : item.layer);
    const found = image.below(item.node).filter((child) => bytes[child] > 0)
      .map((node) => ({ node, layer: item.layer, bytes: bytes[node] }));
    return [...found, ...this.own(item, found.length)].sort((a, b) => b.bytes - a.bytes);
  }

  // A file in several layers becomes one part per layer.
  own(item, others) {
    const { image } = this;
    const from = image.start[item.node], to = image.start[item.node + 1];
    if (!others && (item.layer !== null || to - from <= 4)) return [];
    const found = [];
    for (let at = from; at < to; at += 4) {
      const [layer, code, bytes] = image.occurrences.slice(at, at + 3);
      if ((code & 7) === DIRECTORY || ((code >> 3) & 3) === REMOVED || !bytes) continue;
      if (item.layer === null || item.layer === layer) found.push({ node: item.node, layer, bytes, leaf: true });
    }
    return found;
  }

  // Chains of directories with a single entry are drawn as one: usr/local/go.
  deepest(item) {
    let label = item.top || item.node || item.layer === null ? this.image.label(item.node, this.view(item))
      : layerName(item.layer);
    for (let below = this.children(item); below.length === 1 && !item.top && !below[0].leaf; below = this.children(item)) {
      const next = below[0];
      if (this.image.isRest(next.node) || !this.children(next).length) break;
      label += (item.node ? "/" : label === "/" ? "" : " · ") + this.image.label(next.node, this.view(next));
      item = next;
    }
    return { item, label };
  }

  // The size to display: for a layer, the size in the table, even if its tree counts fewer files.
  bytes(item) {
    if (item.node || item.many || item.leaf) return item.bytes;
    return item.layer === null ? this.image.size : this.image.layers[item.layer].size;
  }

  view(item) { return item.layer === null ? ALL : item.layer; }

  resized() {
    if (matchMedia("print").matches) return; // the drawing is scaled to the paper size
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (width !== this.width || height !== this.height) this.draw();
  }

  draw(focus = false) {
    const width = this.width = this.canvas.clientWidth, height = this.height = this.canvas.clientHeight;
    const most = this.same ? Math.max(this.place.bytes, this.other().place.bytes) : this.place.bytes;
    const scale = Math.sqrt(this.place.bytes / (most || 1));
    this.drawn = [];
    this.svg = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group" });
    this.svg.setAttribute("aria-label", `Treemap of ${this.describe(this.place)}`);
    if (width && this.place.bytes) {
      this.fill(this.place, 0, 0, Math.max(width * scale, 3), Math.max(height * scale, 3), 0, null);
    }
    this.ring = svg("g", { "aria-hidden": "true" });
    this.svg.append(this.ring);
    this.canvas.replaceChildren(this.svg);
    this.breadcrumbs();
    const first = this.drawn.find((box) => box.depth === 1);
    if (first) first.rect.setAttribute("tabindex", "0");
    if (focus && first) first.rect.focus();
  }

  fill(item, x, y, width, height, depth, label) {
    let children = this.children(item);
    const inside = depth === 0 || (children.length > 0 && width > 26 && height > 26 && depth < 12);
    if (depth > 0) this.box(item, x, y, width, height, depth, label, !inside);
    if (!inside) return;
    if (!children.length) children = [{ ...item, leaf: true }];
    const head = depth > 0 && width > 44 && height > 34 ? HEAD : 0;
    const pad = depth > 0 ? PAD : 0;
    const [left, top, wide, high] = [x + pad, y + Math.max(head, pad), width - 2 * pad, height - Math.max(head, pad) - pad];
    const whole = children.reduce((sum, child) => sum + child.bytes, 0);
    const cut = children.findIndex((child) => (child.bytes / whole) * wide * high < LEAST);
    if (cut >= 0 && children.length - cut > 1) {
      const small = children.slice(cut);
      const bytes = small.reduce((sum, child) => sum + child.bytes, 0);
      children = children.slice(0, cut);
      const many = { node: item.node, layer: item.layer, bytes, leaf: true, many: small.length, parts: small };
      children.splice(children.findIndex((child) => child.bytes < bytes) + 1 || children.length, 0, many);
      children.sort((a, b) => b.bytes - a.bytes);
    }
    for (const [child, cx, cy, cw, ch] of squarify(children, left, top, wide, high)) {
      const deep = child.leaf ? { item: child, label: this.leafLabel(child) } : this.deepest(child);
      this.fill(deep.item, cx, cy, cw, ch, depth + 1, deep.label);
    }
  }

  leafLabel(item) {
    return item.many ? `… ${count(item.many)} smaller` : this.image.label(item.node, this.view(item));
  }

  box(item, x, y, width, height, depth, label, whole) {
    const layer = item.layer === null ? this.image.mainLayer(item.node) : item.layer;
    const colour = this.image.layers[layer] ? this.image.layers[layer].colour : "b0";
    const place = { x: x.toFixed(1), y: y.toFixed(1), width: width.toFixed(1), height: height.toFixed(1) };
    const rect = svg("rect", { ...place, class: `box ${colour}`, "data-box": this.drawn.length });
    if (depth === 1) {
      rect.setAttribute("tabindex", "-1");
      rect.setAttribute("role", "button");
      rect.setAttribute("aria-label", this.facts(item).join(", "));
    } else rect.setAttribute("aria-hidden", "true");
    this.svg.append(rect);
    this.drawn.push({ item, rect, depth, x, y, width, height });
    const waste = whole ? this.waste(item) : 0;
    if (waste * height > 1) {
      const high = waste > 0.98 ? height : height * waste;
      this.svg.append(svg("rect", { ...place, y: (y + height - high).toFixed(1), height: high.toFixed(1), class: "hatched" }));
    }
    if (width > 44 && height > 16) this.write(item, { x, y, width, height, depth, label, whole, colour });
  }

  // The share of waste in an item; for a sum of small items, that of the largest one.
  waste(item) {
    if (item.top) return 0;
    if (!item.many) return this.image.waste(item.node, item.layer);
    const parts = item.parts.slice(0, 30);
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    return parts.reduce((sum, part) => sum + part.bytes * this.waste(part), 0) / (bytes || 1);
  }

  write(item, { x, y, width, height, depth, label, whole, colour }) {
    const line = (text, dy, name) => {
      const room = Math.floor((width - 7) / 6.4);
      if (room < 4) return;
      const node = svg("text", { x: (x + 4).toFixed(1), y: (y + dy).toFixed(1), class: `${colour} ${name}`, "aria-hidden": "true" });
      node.textContent = [...text].length > room ? [...text].slice(0, room - 1).join("") + "…" : text;
      this.svg.append(node);
    };
    const bytes = size(this.bytes(item));
    if (!whole && width > 120) line(`${label}  ${bytes}`, 11.5, depth === 1 ? "strong" : "");
    else line(label, 12, depth === 1 ? "strong" : "");
    if (whole && height > 30) line(bytes, 25, "");
  }

  describe(item) {
    if (item.top || (item.node === 0 && item.layer === null)) return shown(this.image.name);
    const path = shown(this.image.path(this.image.isRest(item.node) ? this.image.parent[item.node] : item.node));
    return item.layer === null ? path : item.node ? `${path} in ${layerName(item.layer)}` : layerName(item.layer);
  }

  // Path, bytes, layer and instruction of an item.
  facts(item) {
    const { image } = this;
    const name = this.describe(item);
    const rest = item.many ? `: ${plural(item.many, "smaller entry").replace("entrys", "entries")}`
      : image.isRest(item.node) ? `: ${image.label(item.node, this.view(item)).slice(2)}` : "";
    const found = [name + rest, `${size(this.bytes(item))} (${percent(item.bytes, image.size)} of the image)`];
    const layer = item.layer === null ? image.mainLayer(item.node) : item.layer;
    if (item.layer === null && !item.top) found.push(`mostly from ${layerName(layer)}: ${shown(image.layerText(layer))}`);
    else if (!item.top) found.push(`${layerName(layer)}: ${shown(image.layerText(layer))}`);
    const waste = this.waste(item);
    if (waste > 0.98) found.push("all waste");
    else if (waste > 0.005) found.push(`about ${percent(waste, 1)} waste`);
    return found;
  }

  breadcrumbs() {
    this.crumbs.replaceChildren(...this.trail.flatMap((item, index) => {
      const last = index === this.trail.length - 1;
      const text = index ? this.crumb(item, this.trail[index - 1]) : shown(this.image.name);
      const part = last ? el("span", { "aria-current": "location" }, `${text} (${size(this.bytes(item))})`)
        : el("button", { type: "button" }, text);
      part.addEventListener("click", () => { if (!last) this.go(this.trail.slice(0, index + 1), true); });
      return index ? [el("span", { "aria-hidden": "true" }, "›"), part] : [part];
    }));
  }

  crumb(item, above) {
    if (!item.node) return layerName(item.layer);
    const layer = above.top && item.layer !== null ? `${layerName(item.layer)} · ` : "";
    const from = this.image.path(above.node), to = this.image.path(item.node);
    return layer + shown(to.slice(from === "/" ? 1 : from.length + 1));
  }

  // `tell`: whether to update the rest of the page.
  go(trail, focus, tell = true) {
    this.trail = trail;
    this.hide();
    this.draw(focus);
    if (this.same) this.other().draw();
    if (tell) this.events.moved(this.place.layer);
  }

  select(layer) {
    const root = this.root();
    const item = layer === null ? null : { node: 0, layer, bytes: this.image.totals(layer).bytes[0] };
    this.go(item && item.bytes ? [root, item] : [root], false, false);
  }

  enter(item, focus) {
    const { place } = this;
    if (!item.leaf && this.children(item).length && !this.image.isRest(item.node)) {
      this.go([...this.trail, item], focus);
    } else {
      const parent = item.many ? item.node : Math.max(this.image.parent[item.node], 0);
      const inside = place.node === parent && !place.top;
      if (inside || !this.children({ node: parent, layer: item.layer }).length) this.events.show(item.node, item.layer);
      else this.go([...this.trail, { node: parent, layer: item.layer, bytes: this.image.totals(this.view(item)).bytes[parent] }], focus);
    }
  }

  up(focus) {
    if (this.trail.length > 1) this.go(this.trail.slice(0, -1), focus);
  }

  boxOf(target) {
    const at = target.dataset ? target.dataset.box : undefined;
    return at === undefined ? null : this.drawn[at];
  }

  click(event) {
    const box = this.boxOf(event.target);
    if (box) this.enter(box.item, box.depth === 1 && event.detail === 0);
  }

  key(event) {
    const box = this.boxOf(event.target);
    if (!box || event.altKey || event.ctrlKey || event.metaKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.move(box, way);
    else if (event.key === "Enter" || event.key === " ") this.enter(box.item, true);
    else if (event.key === "Escape" || event.key === "Backspace") this.up(true);
    else return;
    event.preventDefault();
  }

  // Moves to the nearest box of the same depth in a direction.
  move(box, [dx, dy]) {
    let best = null, least = Infinity;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    for (const next of this.drawn) {
      if (next.depth !== 1 || next === box) continue;
      const ahead = dx ? (next.x + next.width / 2 - x) * dx : (next.y + next.height / 2 - y) * dy;
      const aside = dx ? Math.max(next.y - y, y - next.y - next.height, 0) : Math.max(next.x - x, x - next.x - next.width, 0);
      if (ahead > 0.5 && ahead + aside * 3 < least) [best, least] = [next, ahead + aside * 3];
    }
    if (!best) return;
    box.rect.setAttribute("tabindex", "-1");
    best.rect.setAttribute("tabindex", "0");
    best.rect.focus();
  }

  focused(target) {
    const box = this.boxOf(target);
    if (!box) return;
    const place = { x: box.x + 2, y: box.y + 2, width: Math.max(box.width - 4, 1), height: Math.max(box.height - 4, 1) };
    this.ring.replaceChildren(svg("rect", { ...place, class: "ring" }), svg("rect", { ...place, class: "ring inner" }));
    this.inform(box);
    const frame = this.svg.getBoundingClientRect();
    if (box.rect.matches(":focus-visible")) this.tip(box, frame.left + box.x + box.width / 2, frame.top + box.y + Math.min(box.height, 40));
  }

  hover(event) {
    const box = this.boxOf(event.target);
    if (!box) return this.hide();
    this.inform(box);
    if (event.pointerType !== "touch") this.tip(box, event.clientX, event.clientY);
    return undefined;
  }

  inform(box) { this.info.textContent = this.facts(box.item).join(" · "); }

  tip(box, x, y) {
    const tip = document.getElementById("tip");
    const [name, ...facts] = this.facts(box.item);
    tip.replaceChildren(el("strong", {}, name), ...facts.map((fact) => el("div", {}, fact)));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18}px`;
  }

  hide() { document.getElementById("tip").hidden = true; }

  legend(list) {
    list.replaceChildren(...this.image.layers.flatMap((layer, index) => layer.size === 0 ? [] : [
      el("li", {}, el("span", { class: `swatch ${layer.colour}`, "aria-hidden": "true" }),
        el("span", { title: shown(layer.text) }, `${index + 1}: ${shown(layer.text)}`)),
    ]));
    const sample = svg("svg", { width: 14, height: 14, "aria-hidden": "true" });
    sample.append(svg("rect", { width: 14, height: 14 }));
    list.append(el("li", {}, sample, el("span", {}, "hatched: waste")));
  }
}
