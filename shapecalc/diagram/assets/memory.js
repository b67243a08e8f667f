"use strict";
// What is held in memory while each layer runs: a bar for each, in the order in which they run.

class MemoryChart {
  constructor(root, peak, data, onSelect) {
    this.root = root;
    this.peak = peak;
    this.data = data;
    this.bars = data.memory.map((_, layer) => this.bar(layer, onSelect));
    root.append(...this.bars);
    root.classList.toggle("dense", this.bars.length > 300);
    root.addEventListener("keydown", (event) => this.go(event));
  }

  bar(layer, onSelect) {
    const bar = document.createElement("button");
    bar.type = "button";
    bar.tabIndex = layer ? -1 : 0;
    bar.append(document.createElement("div"), document.createElement("div"));
    bar.addEventListener("click", () => onSelect(layer));
    return bar;
  }

  // Arrow keys go from bar to bar, so that the chart is a single stop of the tab key.
  go(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    const at = this.bars.indexOf(event.target.closest("button"));
    const next = Math.max(0, Math.min(this.bars.length - 1, at + step));
    this.reach(next).focus();
    event.preventDefault();
  }

  reach(layer) {
    for (const [i, bar] of this.bars.entries()) bar.tabIndex = i === layer ? 0 : -1;
    return this.bars[layer];
  }

  mark(layer) {
    for (const [i, bar] of this.bars.entries()) bar.classList.toggle("selected", i === layer);
    this.reach(layer);
  }

  show(results, isLegal) {
    const steps = this.data.memory.map((places) => places.map((place) => results[place]));
    const isKnown = isLegal && steps.length > 0 && steps.every(([live, waiting]) => live && waiting);
    this.root.hidden = !isKnown;
    if (!isKnown) {
      this.peak.textContent = "It is drawn where every symbol has a value.";
      return;
    }
    const most = greatest(steps.map(([live]) => live));
    const first = steps.findIndex(([live]) => compare(live, most) === 0);
    const { path } = this.data.layers[first];
    this.peak.textContent = `At most ${written(most)} bytes are held, while ${path} runs.`;
    for (const [layer, [live, waiting]] of steps.entries()) this.draw(layer, live, waiting, most, layer === first);
  }

  draw(layer, live, waiting, most, isPeak) {
    const bar = this.bars[layer];
    const [pale, full] = bar.children;
    const height = (value) => (most.top ? `${Number((value.top * 10000n) / most.top) / 100}%` : "0");
    pale.style.height = height(waiting);
    full.style.height = height(plus(live, negative(waiting)));
    bar.classList.toggle("peak", isPeak);
    bar.title = `${this.data.layers[layer].path}: ${rounded(live)}B, ${rounded(waiting)}B of it waiting`;
    bar.setAttribute("aria-label", bar.title);
  }
}
