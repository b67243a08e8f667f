"use strict";
// The diagram: what is folded, the graph that Graphviz lays out, and moving about in the result.

const LONGEST_LINE = 44; // characters of a line in a box
const NATURAL_SCALE = 0.75; // a pixel is 3/4 of a point
const SMALLEST_SCALE = 1.2; // smaller text cannot be read
const STRAIGHT = 1000; // how much the main path is to be straight; other edges count 1
const FEW_BOXES = 40; // a network of no more boxes is unfolded at first
const MOST_CROSSED = 50000; // ranks that edges cross; many more take gigabytes to lay out

const clipped = (text) =>
  text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE - 1)}…` : text;

// A line broken at commas where it is too long.
const wrapped = (line) =>
  line.split(", ").reduce((lines, piece) => {
    const joined = `${lines.at(-1)}, ${piece}`;
    if (!lines.length || joined.length > LONGEST_LINE) {
      return [...lines.slice(0, -1), ...lines.slice(-1).map((last) => `${last},`), piece];
    }
    return [...lines.slice(0, -1), joined];
  }, []);

// Graphviz reads backslashes and entities in a label.
const escaped = (line) => clipped(line).replace(/\\/g, "\\\\").replace(/&/g, "&amp;");
const asLabel = (lines) => lines.map(escaped).join("\n");
const asHeading = (lines) => lines.map((line) => `${escaped(line)}\\l`).join("");

// How many ranks the edges cross together; they come in the order of their heads.
const crossed = (edges) => {
  const ranks = new Map();
  const rank = (box) => ranks.get(box) ?? 0;
  for (const { tail, head } of edges) ranks.set(head, Math.max(rank(head), rank(tail) + 1));
  return edges.reduce((sum, { tail, head }) => sum + rank(head) - rank(tail), 0);
};

class Diagram {
  constructor(frame, tooltip, data, texts, onSelect) {
    this.frame = frame; // the element that holds the drawing
    this.tooltip = tooltip;
    this.data = data;
    this.texts = texts; // what boxes and edges say, which follows the symbols
    this.onSelect = onSelect;
    this.items = new Map(); // by id: {item, parent}
    this.homes = new Map(); // by layer: the box that it is drawn in
    this.index(data.items, null);
    this.folded = new Set(this.foldedAtFirst());
    this.worker = null;
    this.isBusy = false; // the worker, with a layout that nothing else can cut short
    this.isStale = false; // what it lays out
    this.selected = null; // a layer
    this.current = null; // the id of the element that the keyboard is at
    this.view = null;
    this.listen();
  }

  index(items, parent) {
    for (const item of items) {
      this.items.set(item.id, { item, parent });
      if (item.items) this.index(item.items, item.id);
      for (const layer of item.layers ?? []) this.homes.set(layer, item.id);
    }
  }

  parts() {
    return [...this.items.values()].filter(({ item }) => item.items).map(({ item }) => item.id);
  }

  depth(id) {
    const { parent } = this.items.get(id);
    return parent === null ? 0 : 1 + this.depth(parent);
  }

  foldedAtFirst() {
    const { depth } = this.data;
    const boxes = this.items.size - this.parts().length;
    if (depth === null) return boxes <= FEW_BOXES ? [] : this.parts();
    return this.parts().filter((id) => this.depth(id) + 1 >= depth);
  }

  // The box that an item is seen in: the outermost folded part around it, or itself.
  seen(id) {
    let found = id;
    for (let at = id; at !== null; at = this.items.get(at).parent) {
      if (this.folded.has(at)) found = at;
    }
    return found;
  }

  layersOf(item) {
    return item.items ? item.items.flatMap((each) => this.layersOf(each)) : item.layers ?? [];
  }

  // -- the graph --------------------------------------------------------------------------------

  graph() {
    const font = { fontname: "Helvetica", fontsize: 12 };
    return {
      graphAttributes: {
        rankdir: "TB", ranksep: 0.3, nodesep: 0.25, compound: true, newrank: true,
        bgcolor: "transparent", ...font,
      },
      nodeAttributes: { shape: "box", margin: "0.12,0.06", height: 0.3, ...font },
      edgeAttributes: { arrowsize: 0.6, fontname: "Helvetica", fontsize: 10 },
      ...this.inside(this.data.items, 0),
      edges: this.edges(),
    };
  }

  inside(items, level) {
    const nodes = [];
    const subgraphs = [];
    for (const item of items) {
      if (!item.items || this.folded.has(item.id)) nodes.push(this.box(item));
      else {
        const graphAttributes = {
          id: item.id, class: `part level${level % 2}`, label: asHeading(this.texts.frame(item)),
          labeljust: "l", margin: 10, fontsize: 10, style: "rounded",
        };
        const name = `cluster_${item.id}`;
        subgraphs.push({ name, graphAttributes, ...this.inside(item.items, level + 1) });
      }
    }
    return { nodes, subgraphs };
  }

  box(item) {
    const classes = item.items ? "part folded" : `${item.role} ${this.texts.colour(item)}`;
    const [name, ...rest] = this.texts.box(item);
    const label = asLabel([item.items ? `▸ ${name}` : name, ...rest.flatMap(wrapped)]);
    return { name: item.id, attributes: { id: item.id, class: classes, label, style: "rounded" } };
  }

  edges() {
    const found = new Map();
    for (const [source, target, shape, isMain] of this.data.edges) {
      const [tail, head] = [this.seen(source), this.seen(target)];
      if (tail === head) continue;
      const label = this.texts.shape(shape);
      const key = `${tail} ${head} ${label}`;
      const weight = isMain ? STRAIGHT : found.get(key)?.attributes.weight ?? 1;
      found.set(key, { tail, head, attributes: { label: ` ${asLabel([label])} `, weight } });
    }
    return [...found.values()];
  }

  // -- laying out -------------------------------------------------------------------------------

  // Lay out anew, soon: changes that follow on one another are drawn together.
  redraw(delay = 0) {
    clearTimeout(this.timer);
    this.frame.setAttribute("aria-busy", "true");
    this.timer = setTimeout(() => this.ask(), delay);
  }

  ask() {
    this.isStale = this.isBusy;
    if (this.isBusy) return;
    const graph = this.graph();
    if (crossed(graph.edges) > MOST_CROSSED) {
      this.show({ error: "its edges are too many and too long; folded blocks have fewer" });
      return;
    }
    this.worker ??= this.newWorker();
    this.isBusy = true;
    this.worker.postMessage(graph);
  }

  newWorker() {
    const code = ["viz", "layout"].map((id) => document.getElementById(id).textContent);
    const blob = new Blob([code.join("\n")], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(blob));
    worker.onmessage = ({ data }) => {
      this.isBusy = false;
      if (this.isStale) this.ask();
      else this.show(data);
    };
    worker.onerror = () => this.show({ error: "the browser does not run it" });
    return worker;
  }

  show({ svg, error }) {
    this.frame.removeAttribute("aria-busy");
    if (error !== undefined) {
      this.frame.textContent = `The diagram could not be laid out: ${error}`;
      return;
    }
    const hadFocus = this.frame.contains(document.activeElement);
    const drawing = document.importNode(
      new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true,
    );
    drawing.removeAttribute("width");
    drawing.removeAttribute("height");
    drawing.setAttribute("role", "application");
    drawing.setAttribute("aria-label", "Diagram of the network");
    drawing.setAttribute("aria-describedby", "diagram-help");
    for (const title of drawing.querySelectorAll("title")) title.remove();
    this.drawing = drawing;
    this.describe();
    this.keep(drawing.viewBox.baseVal);
    this.frame.replaceChildren(drawing);
    this.mark();
    if (hadFocus && this.current !== null) this.element(this.current)?.focus();
    this.frame.dispatchEvent(new Event("drawn"));
  }

  element(id) {
    return this.drawing?.querySelector(`#${id}`) ?? null;
  }

  // What a screen reader is told of the elements that can be reached.
  describe() {
    const reached = this.reached();
    if (!reached.includes(this.current)) this.current = this.nearest(reached);
    for (const id of reached) {
      const element = this.element(id);
      const { item } = this.items.get(id);
      element.setAttribute("role", "button");
      element.setAttribute("tabindex", id === this.current ? "0" : "-1");
      element.setAttribute("aria-label", this.texts.described(item, this.layersOf(item)));
      if (item.items) element.setAttribute("aria-expanded", `${!this.folded.has(id)}`);
    }
    for (const edge of this.drawing.querySelectorAll(".edge")) edge.setAttribute("aria-hidden", "true");
  }

  // The ids of what is drawn, in the order of the network.
  reached() {
    return [...this.items.keys()].filter((id) => {
      const { parent } = this.items.get(id);
      return parent === null || this.seen(parent) === parent && !this.folded.has(parent);
    });
  }

  nearest(reached) {
    return this.current === null ? reached[0] : this.seen(this.current);
  }

  // -- folding ----------------------------------------------------------------------------------

  toggle(id) {
    if (!this.folded.delete(id)) this.folded.add(id);
    this.current = id;
    this.redraw();
  }

  foldAll(isFolded) {
    this.folded = new Set(isFolded ? this.parts() : []);
    this.redraw();
  }

  // Unfold what a layer lies in, and bring it into view.
  reveal(layer) {
    const home = this.homes.get(layer);
    let changed = false;
    for (let at = this.items.get(home).parent; at !== null; at = this.items.get(at).parent) {
      changed = this.folded.delete(at) || changed;
    }
    this.selected = layer;
    this.current = home;
    const centre = () => {
      this.mark();
      this.centre(home);
    };
    if (!changed) return centre();
    this.frame.addEventListener("drawn", centre, { once: true });
    this.redraw();
  }

  mark() {
    if (!this.drawing) return;
    const home = this.selected === null ? null : this.seen(this.homes.get(this.selected));
    for (const element of this.drawing.querySelectorAll(".node")) {
      element.classList.toggle("selected", element.id === home);
    }
  }

  // Show which boxes hold layers that are searched for; null for none.
  highlight(layers) {
    const homes = layers && new Set(layers.map((layer) => this.seen(this.homes.get(layer))));
    for (const element of this.drawing?.querySelectorAll(".node") ?? []) {
      element.classList.toggle("missed", homes !== null && !homes.has(element.id));
    }
  }

  // -- moving about -----------------------------------------------------------------------------

  // Keep the view's scale and middle when the drawing changes; at first, fit it in.
  keep(box) {
    this.whole = { x: box.x, y: box.y, width: box.width, height: box.height };
    if (this.view === null) this.start();
    else if (this.isFitted) this.fit();
    else this.apply();
  }

  // At first: all of it, or as much of its beginning as can be read.
  start() {
    const { clientWidth, clientHeight } = this.frame;
    const { x, y, width, height } = this.whole;
    const scale = Math.max(width / clientWidth, height / clientHeight); // points for a pixel
    if (scale <= SMALLEST_SCALE) return this.fit();
    const readable = Math.min(Math.max(width / clientWidth, NATURAL_SCALE), SMALLEST_SCALE);
    const view = { width: clientWidth * readable, height: clientHeight * readable };
    return this.look({ ...view, x: x + (width - view.width) / 2, y });
  }

  fit() {
    if (!this.drawing) return;
    this.isFitted = true;
    this.view = { ...this.whole };
    this.apply();
  }

  // All of it while it is printed, and then what was seen before.
  print() {
    const { view } = this;
    if (view === null || this.isFitted) return;
    this.fit();
    addEventListener("afterprint", () => this.look(view), { once: true });
  }

  look(view) {
    this.isFitted = false;
    this.view = view;
    this.apply();
  }

  apply() {
    const { x, y, width, height } = this.view;
    this.drawing.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  zoom(factor, at = null) {
    if (!this.drawing) return;
    const { x, y, width, height } = this.view;
    const [px, py] = at ?? [x + width / 2, y + height / 2];
    const view = { width: width * factor, height: height * factor };
    this.look({ ...view, x: px - (px - x) * factor, y: py - (py - y) * factor });
  }

  pan(dx, dy) {
    const { x, y, width, height } = this.view;
    this.look({ x: x + dx, y: y + dy, width, height });
  }

  // A point of the page in the drawing's own units.
  point(event) {
    const matrix = this.drawing.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [x, y];
  }

  centre(id) {
    const element = this.element(id);
    if (!element) return;
    const own = element.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    const isReadable = own.height > 14 && own.width > 30;
    const isInside =
      own.left >= frame.left && own.right <= frame.right &&
      own.top >= frame.top && own.bottom <= frame.bottom;
    if (isInside && isReadable) return;
    const [x, y] = this.point({
      clientX: (own.left + own.right) / 2, clientY: (own.top + own.bottom) / 2,
    });
    const scale = isReadable ? this.view.width / frame.width : NATURAL_SCALE;
    const [width, height] = [frame.width * scale, frame.height * scale];
    this.look({ x: x - width / 2, y: y - height / 2, width, height });
  }

  // -- pointer and keyboard ---------------------------------------------------------------------

  listen() {
    const { frame } = this;
    let from = null; // where the pointer went down, while it is held
    let hasMoved = false;
    frame.addEventListener("wheel", (event) => {
      if (!this.drawing) return;
      event.preventDefault();
      this.zoom(1.0015 ** event.deltaY, this.point(event));
    }, { passive: false });
    frame.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.drawing) return;
      from = event;
      hasMoved = false;
    });
    addEventListener("pointerup", () => {
      from = null;
      frame.classList.remove("moving");
    });
    frame.addEventListener("pointermove", (event) => {
      if (from === null) return this.hover(event);
      const [dx, dy] = [from.clientX - event.clientX, from.clientY - event.clientY];
      if (!hasMoved && Math.hypot(dx, dy) < 4) return undefined;
      hasMoved = true;
      frame.classList.add("moving");
      const { a } = this.drawing.getScreenCTM();
      this.pan(dx / a, dy / a);
      from = event;
      return undefined;
    });
    frame.addEventListener("pointerleave", () => this.hover(null));
    frame.addEventListener("focusin", (event) => this.hover(event));
    frame.addEventListener("focusout", () => this.hover(null));
    frame.addEventListener("click", (event) => {
      if (!hasMoved) this.act(this.under(event));
      hasMoved = false;
    });
    frame.addEventListener("keydown", (event) => this.key(event));
  }

  // The item that an event happened on.
  under(event) {
    const element = event.target.closest?.(".node, .cluster");
    return element && this.items.has(element.id) ? element.id : null;
  }

  act(id) {
    if (id === null) return;
    const { item } = this.items.get(id);
    this.current = id;
    if (item.items) this.toggle(id);
    else if (item.nodes.length) this.onSelect(item.nodes[0]);
  }

  hover(event) {
    const id = event && this.under(event);
    this.tooltip.hidden = !id;
    if (!id) return;
    const { item } = this.items.get(id);
    this.tooltip.textContent = this.texts.described(item, this.layersOf(item));
    const own = this.element(id).getBoundingClientRect();
    const around = this.frame.parentElement.getBoundingClientRect();
    const [x, y] = event.clientX === undefined ? [own.left, own.bottom] : [event.clientX, event.clientY];
    const left = Math.max(0, Math.min(x - around.left + 12, around.width - 300));
    this.tooltip.style.left = `${left}px`;
    this.tooltip.style.top = `${Math.min(y - around.top + 14, around.height - 40)}px`;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.drawing) return;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step && event.shiftKey) this.panBy(event.key);
    else if (step) this.go(step);
    else if (event.key === "Home") this.go(-Infinity);
    else if (event.key === "End") this.go(Infinity);
    else if (event.key === "Enter" || event.key === " ") this.act(this.current);
    else if (event.key === "Backspace") this.foldAround(this.current);
    else if (event.key === "+" || event.key === "=") this.zoom(0.8);
    else if (event.key === "-") this.zoom(1.25);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  panBy(key) {
    const { width, height } = this.view;
    const steps = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
    const [dx, dy] = steps[key];
    this.pan((dx * width) / 10, (dy * height) / 10);
  }

  go(step) {
    const reached = this.reached();
    const at = reached.indexOf(this.current) + step;
    this.element(this.current)?.setAttribute("tabindex", "-1");
    this.current = reached[Math.max(0, Math.min(reached.length - 1, at))];
    const element = this.element(this.current);
    element.setAttribute("tabindex", "0");
    this.centre(this.current);
    element.focus({ preventScroll: true });
  }

  foldAround(id) {
    const { parent } = this.items.get(id);
    if (parent !== null) this.toggle(parent);
  }
}
