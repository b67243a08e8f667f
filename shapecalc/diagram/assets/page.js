"use strict";
// The page: symbols, constraints, totals, the table and the derivation, around the diagram.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const LARGEST = 2n ** 63n - 1n; // the largest size a tensor's dimension can have
const COUNTS = data.columns;

function element(tag, attributes = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (value === true) found.setAttribute(name, "");
    else if (value !== false && value !== null) found.setAttribute(name, value);
  }
  found.append(...children);
  return found;
}

const paths = new Map(data.layers.map((layer, i) => [layer.path, i]));
const formulas = new FormulaWriter(data.steps);
const initial = Object.fromEntries(
  data.symbols.map(({ name, value }) => [name, value === null ? null : read(value)]),
);
const state = {
  values: { ...initial }, results: [], problems: [], selected: null, sorted: null, showFormulas: false,
};

const isInitial = () =>
  data.symbols.every(({ name }) => {
    const [now, then] = [state.values[name], initial[name]];
    return now === then || (now && then && compare(now, then) === 0);
  });

// -- values as text -----------------------------------------------------------------------------

const valueAt = (place) => state.results[place];

// The places of a shape that are told: a batch of one goes without saying.
function toldPlaces(shape) {
  const batch = shape.length > 1 ? valueAt(shape[0]) : null;
  return batch && isWhole(batch) && batch.top === 1n ? shape.slice(1) : shape;
}

function plainSize(place) {
  const value = valueAt(place);
  return value === null ? asText(formulas.write(place)) : written(value).replace(/,/g, "");
}

const shapeText = (shape) => toldPlaces(shape).map(plainSize).join(" × ");
const settingsText = (layer) =>
  layer.settings.map((piece) => (typeof piece === "number" ? plainSize(piece) : piece)).join("");

function sum(layers, count) {
  const values = layers.map((layer) => valueAt(data.layers[layer][count]));
  return values.includes(null) ? null : values.reduce(plus, whole(0));
}

const texts = {
  shape: shapeText,
  colour: (item) => (item.nodes.length ? data.layers[item.nodes[0]].colour : ""),
  copies: (item) => (item.copies > 1 ? ` × ${item.copies}` : ""),
  frame: (item) => [`▾ ${item.name}`, item.what + texts.copies(item)].filter(Boolean),
  box(item) {
    if (item.items) {
      const params = sum(diagram.layersOf(item), "params");
      const lines = [item.name, item.what + texts.copies(item)];
      if (params !== null && params.top) lines.push(`${rounded(params)} params`);
      return lines.filter(Boolean);
    }
    if (item.role === "input") return [item.name, shapeText(item.shape)];
    if (item.role === "output") return [item.name];
    const told = item.nodes.map((node) => {
      const layer = data.layers[node];
      return `${layer.kind} ${settingsText(layer)}`.trim();
    });
    return [item.name + texts.copies(item), ...told];
  },
  described(item, layers) {
    const [name, ...rest] = texts.box(item);
    const told = item.items ? `${name} ${item.what}, ${layers.length} layers` : [name, ...rest].join(", ");
    if (!layers.length) return told;
    const shape = item.shape ? `, puts out ${shapeText(item.shape)}` : "";
    const costs = ["params", "macs"].map((count) => {
      const value = sum(layers, count);
      return value === null ? "" : `, ${written(value)} ${data.labels[count]}`;
    });
    return `${told}${shape}${costs.join("")}`;
  },
};

// -- constraints --------------------------------------------------------------------------------

// Whether it holds; null where a symbol has no value, or the page cannot tell.
function holds(constraint) {
  if (constraint.symbol !== undefined) {
    const value = state.values[constraint.symbol];
    return value ? isWhole(value) && contains(constraint, value.top) : null;
  }
  if (!constraint.any) return null;
  const held = constraint.any.map(([relation, left, right]) => {
    const [a, b] = [valueAt(left), valueAt(right)];
    if (a === null || b === null) return null;
    return relation === "==" ? compare(a, b) === 0 : compare(a, b) >= 0;
  });
  return held.includes(true) || (held.includes(null) ? null : false);
}

function contains(constraint, value) {
  const intervals = constraint.in[value % BigInt(constraint.modulus)] ?? [];
  return intervals.some(
    ([first, last]) => BigInt(first) <= value && (last === null || value <= BigInt(last)),
  );
}

// The nearest values below and above that a constraint allows.
function nearest(constraint, value) {
  const modulus = BigInt(constraint.modulus);
  const [below, above] = [[], []];
  for (const [first, last] of Object.values(constraint.in).flat()) {
    const [start, end] = [BigInt(first), last === null ? null : BigInt(last)];
    if (start < value) {
      const most = end === null || end > value ? value : end;
      below.push(most - ((most - start) % modulus));
    }
    const from = start > value ? start : value + ((start - value) % modulus + modulus) % modulus;
    if (end === null || from <= end) above.push(from);
  }
  const most = (values, isBetter) => values.reduce((a, b) => (isBetter(b, a) ? b : a));
  return [
    ...(below.length ? [most(below, (a, b) => a > b)] : []),
    ...(above.length ? [most(above, (a, b) => a < b)] : []),
  ];
}

function findProblems() {
  const found = data.constraints.filter((each) => holds(each) === false).map((constraint) => {
    const { symbol } = constraint;
    const where = symbol === undefined ? "These values break" : `${symbol} = ${written(state.values[symbol])} breaks`;
    return { constraint, symbol, text: `${where} ${constraint.text}` };
  });
  if (found.length) return found;
  const wrong = data.layers.find(({ shape }) => shape.some((place) => !isSize(valueAt(place))));
  return wrong === undefined ? [] : [{ text: `${wrong.path} cannot put out ${shapeText(wrong.shape)}` }];
}

const isSize = (value) =>
  value === null || (isWhole(value) && value.top >= 1n && value.top <= LARGEST);

// -- symbols ------------------------------------------------------------------------------------

const symbolFields = new Map();

function symbolField(symbol) {
  const id = `symbol-${symbol.name}`;
  const text = symbol.value ?? "";
  const field = element("input", {
    id, type: "text", inputmode: symbol.whole ? "numeric" : "decimal", value: text,
    autocomplete: "off", disabled: !symbol.free, "aria-describedby": "symbol-problems",
    oninput: () => setSymbol(symbol, field.value),
  });
  const shown = element("div", { class: "symbol" }, element("label", { for: id }, symbol.name), field);
  if (!symbol.free) {
    field.title = `fixed here; write it anew with --set ${symbol.name}=...`;
    shown.append(element("small", {}, "fixed"));
  } else if (symbol.whole && read(text)) {
    const most = Math.min(Math.max(2 * Number(text), 16), 2 ** 30);
    const slider = element("input", {
      type: "range", min: 1, max: most, value: text, "aria-label": `${symbol.name}, slider`,
      oninput: () => {
        field.value = slider.value;
        setSymbol(symbol, slider.value);
      },
    });
    shown.append(slider);
    symbolFields.set(symbol.name, { field, slider });
  }
  if (!symbolFields.has(symbol.name)) symbolFields.set(symbol.name, { field, slider: null });
  return shown;
}

function setSymbol(symbol, text) {
  const { field, slider } = symbolFields.get(symbol.name);
  const value = read(text);
  const isWrong = text.trim() !== "" && !(value && value.top > 0n && (!symbol.whole || isWhole(value)));
  field.classList.toggle("wrong", isWrong);
  field.isWrong = isWrong;
  if (slider && value) slider.value = Number(value.top);
  if (!isWrong) state.values[symbol.name] = text.trim() === "" ? null : value;
  update();
}

function resetSymbols() {
  for (const symbol of data.symbols) {
    if (!symbol.free) continue;
    symbolFields.get(symbol.name).field.value = symbol.value ?? "";
    setSymbol(symbol, symbol.value ?? "");
  }
}

function showSymbols() {
  byId("symbols").replaceChildren(...data.symbols.map(symbolField));
  byId("reset").addEventListener("click", resetSymbols);
}

const isLegal = () =>
  !state.problems.length && ![...symbolFields.values()].some(({ field }) => field.isWrong);

function showProblems() {
  const lines = [];
  for (const { name, whole: isInteger } of data.symbols) {
    if (symbolFields.get(name).field.isWrong) {
      lines.push(element("p", {}, `${name} expects a positive ${isInteger ? "whole " : ""}number.`));
    }
  }
  for (const { constraint, symbol, text } of state.problems) {
    const line = element("p", {}, `${text}.`);
    if (constraint) line.append(" Needed by ", ...pathButtons(constraint.layers), ".");
    if (symbol !== undefined) line.append(...suggestions(constraint, symbol));
    lines.push(line);
  }
  byId("symbol-problems").replaceChildren(...lines);
  for (const [name, { field }] of symbolFields) {
    const isBroken = state.problems.some(({ symbol }) => symbol === name);
    field.setAttribute("aria-invalid", `${isBroken || Boolean(field.isWrong)}`);
  }
  document.body.classList.toggle("illegal", !isLegal());
}

function suggestions(constraint, name) {
  const symbol = data.symbols.find((each) => each.name === name);
  const value = state.values[name];
  if (!isWhole(value)) return [];
  const buttons = nearest(constraint, value.top).map((each) =>
    element("button", {
      type: "button",
      onclick: () => {
        symbolFields.get(name).field.value = `${each}`;
        setSymbol(symbol, `${each}`);
        symbolFields.get(name).field.focus();
      },
    }, `${name} = ${each}`),
  );
  return buttons.length ? [" Nearest: ", ...buttons.flatMap((each, i) => (i ? [" ", each] : [each]))] : [];
}

const MOST_BUTTONS = 4;

function pathButtons(found) {
  const buttons = found.slice(0, MOST_BUTTONS).flatMap((path, i) => [
    ...(i ? [", "] : []),
    paths.has(path) ? pathButton(paths.get(path)) : path,
  ]);
  return found.length > MOST_BUTTONS ? [...buttons, ` and ${found.length - MOST_BUTTONS} more`] : buttons;
}

const pathButton = (layer) =>
  element("button", { type: "button", class: "path", onclick: () => select(layer) }, data.layers[layer].path);

// -- constraints and warnings on top ------------------------------------------------------------

function showConstraints() {
  const list = data.constraints.map((constraint) => {
    const holding = { true: "✓", false: "✗", null: "?" }[holds(constraint)];
    const said = { "✓": "holds", "✗": "is broken", "?": "is open" }[holding];
    return element(
      "li", { class: said.replace(/.* /, "") },
      element("span", { class: "mark", "aria-label": said, role: "img" }, holding), " ",
      element("code", {}, constraint.text), " for ", ...pathButtons(constraint.layers),
    );
  });
  byId("constraints").replaceChildren(...list);
  byId("constraints-part").hidden = !list.length;
}

function showWarnings() {
  const list = data.warnings.map(({ code, path, message }) => {
    const where = paths.has(path) ? [pathButton(paths.get(path)), ": "] : path ? [`${path}: `] : [];
    return element("li", {}, ...where, `${message} `, element("small", {}, code));
  });
  byId("warnings").replaceChildren(...list);
  byId("warnings-part").hidden = !list.length;
  byId("warnings-part").open = list.length <= 3;
  byId("warnings-count").textContent = `${list.length} ${list.length === 1 ? "warning" : "warnings"}`;
}

function showTotals() {
  const cells = Object.entries(data.labels).map(([name, label]) => {
    const value = isLegal() ? valueAt(data.totals[name]) : null;
    const shown = value === null && isLegal() ? mathAt(data.totals[name]) : value && written(value);
    return element(
      "div", { class: "total" }, element("dt", {}, label),
      element("dd", { "data-total": name }, shown ?? "–"),
    );
  });
  byId("totals").replaceChildren(...cells);
  const batch = state.values.B;
  const isOne = batch && batch.top === 1n;
  byId("batch").textContent = isOne ? "for one sample" : `for a batch of ${batch ? written(batch) : "B"}`;
}

// -- the table ----------------------------------------------------------------------------------

const tableRows = [];

function showTable() {
  const body = byId("layers").tBodies[0];
  data.layers.forEach((layer, i) => {
    const cells = { output: element("td") };
    for (const count of COUNTS) cells[count] = element("td", { class: "number" });
    const button = element("button", {
      type: "button", class: "path", tabindex: i ? -1 : 0, onclick: () => select(i),
    }, layer.path);
    const tableRow = element(
      "tr", { "data-layer": i }, element("th", { scope: "row" }, button),
      element("td", {}, layer.kind, " ", element("small", { class: "settings" })),
      cells.output, ...COUNTS.map((count) => cells[count]),
    );
    tableRows.push({ row: tableRow, button, cells });
    body.append(tableRow);
  });
  body.addEventListener("click", ({ target }) => {
    const clicked = target.closest("tr");
    if (!target.closest("button")) select(Number(clicked.dataset.layer));
  });
  body.addEventListener("keydown", rowKey);
  for (const head of byId("layers").tHead.querySelectorAll("button")) {
    head.addEventListener("click", () => sortBy(head.dataset.column));
  }
}

// Arrow keys move from row to row, so that the table is a single stop of the tab key.
function rowKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  const rows = [...byId("layers").tBodies[0].rows].filter((each) => !each.hidden);
  const at = rows.indexOf(event.target.closest("tr"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  reach(tableRows[next.dataset.layer].button).focus();
  event.preventDefault();
}

function reach(button) {
  for (const { button: other } of tableRows) other.tabIndex = other === button ? 0 : -1;
  return button;
}

function sortBy(column) {
  const { sorted } = state;
  const isNumber = COUNTS.includes(column);
  const first = isNumber ? -1 : 1; // the largest numbers first
  const direction = sorted?.column === column ? -sorted.direction : first;
  state.sorted = column === "order" ? null : { column, direction };
  orderRows();
}

function orderRows() {
  const { sorted } = state;
  const order = data.layers.map((_, i) => i);
  if (sorted) order.sort((a, b) => sorted.direction * comparedBy(sorted.column, a, b) || a - b);
  byId("layers").tBodies[0].append(...order.map((i) => tableRows[i].row));
  for (const head of byId("layers").tHead.querySelectorAll("th")) {
    const isSorted = sorted && head.querySelector("button").dataset.column === sorted.column;
    if (!isSorted) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", sorted.direction > 0 ? "ascending" : "descending");
  }
  byId("in-order").disabled = !sorted;
}

function comparedBy(column, a, b) {
  const [one, other] = [data.layers[a], data.layers[b]];
  if (column === "path") return one.path.localeCompare(other.path, "en", { numeric: true });
  if (column === "kind") return one.kind.localeCompare(other.kind, "en");
  const values = [one, other].map((layer) =>
    column === "output" ? product(layer.shape) : valueAt(layer[column]),
  );
  return values.includes(null) ? 0 : compare(...values);
}

function product(shape) {
  const values = shape.map(valueAt);
  return values.includes(null) ? null : values.reduce(times, whole(1));
}

// A formula among text, its fractions at full size.
function displayed(formula) {
  const found = math("math", formula);
  found.setAttribute("displaystyle", "true");
  return found;
}

const mathAt = (place) => displayed(formulas.write(place));

const mathOf = (shape) =>
  displayed(joined(toldPlaces(shape).map((place) => formulas.write(place)), () => sign("×")));

function fillTable() {
  const totals = Object.fromEntries(COUNTS.map((count) => [count, valueAt(data.totals[count])]));
  data.layers.forEach((layer, i) => {
    const { row: tableRow, cells } = tableRows[i];
    const isKnown = layer.shape.every((place) => valueAt(place) !== null);
    const isFormula = state.showFormulas || !isKnown;
    cells.output.replaceChildren(isFormula ? mathOf(layer.shape) : shapeText(layer.shape));
    tableRow.querySelector(".settings").textContent = settingsText(layer);
    for (const count of COUNTS) fillCount(cells[count], layer[count], totals[count]);
  });
}

function fillCount(cell, place, total) {
  const value = valueAt(place);
  if (state.showFormulas || value === null) return cell.replaceChildren(mathAt(place));
  cell.replaceChildren(written(value));
  if (total && total.top && value.top) {
    const share = Number((value.top * 10000n) / total.top) / 100;
    const bar = element("div", { class: "bar", title: `${share} %` }, element("div"));
    bar.firstChild.style.width = `${share}%`;
    cell.append(bar);
  }
  return undefined;
}

// -- the derivation of the selected layer -------------------------------------------------------

function select(layer, { reveal = true } = {}) {
  state.selected = layer;
  for (const [i, { row: tableRow }] of tableRows.entries()) {
    tableRow.classList.toggle("selected", i === layer);
    if (i === layer) tableRow.setAttribute("aria-current", "true");
    else tableRow.removeAttribute("aria-current");
  }
  reach(tableRows[layer].button);
  memory.mark(layer);
  bringIntoView(tableRows[layer].row);
  if (reveal) diagram.reveal(layer);
  else {
    diagram.selected = layer;
    diagram.mark();
  }
  showDerivation();
}

// Bring a row into the table's own view, without moving the page.
function bringIntoView(tableRow) {
  const around = byId("table-frame");
  if (tableRow.hidden) return;
  const at = tableRow.offsetTop - around.scrollTop;
  const head = byId("layers").tHead.offsetHeight; // stays on top of the rows
  if (at >= head && at + tableRow.offsetHeight <= around.clientHeight) return;
  around.scrollTo({ top: tableRow.offsetTop - around.clientHeight / 2 });
}

function showDerivation() {
  const panel = byId("derivation");
  const layer = data.layers[state.selected];
  if (layer === undefined) return;
  const told = data.derivations[state.selected];
  const writer = new DerivationWriter(state.results, formulas);
  const head = [element("h2", { id: "derivation-heading" }, layer.path, " ", element("small", {}, layer.kind))];
  head.push(...neighbours());
  if (told === undefined) {
    panel.replaceChildren(...head, element("p", {}, "In a network of this size layers are not explained."));
    return;
  }
  panel.replaceChildren(
    ...head,
    element("p", {}, told.about),
    definitions([
      ...told.inputs.map(([source, sizes]) => ["input", derived(writer, ["sizes", sizes]), `from ${source}`]),
      ["output", derived(writer, ["sizes", told.output]), ""],
      ...(told.settings.length ? [["settings", told.settings.map(settingText).join(", "), ""]] : []),
    ]),
    ...told.sections.flatMap((section) => sectionOf(writer, section)),
  );
}

// The other layers in the same box of the diagram.
function neighbours() {
  const box = diagram.items.get(diagram.homes.get(state.selected)).item;
  const isOneOfSeveral = box.nodes.length > 1 && box.nodes.includes(state.selected);
  const others = isOneOfSeveral ? box.nodes : [];
  const buttons = others.flatMap((layer, i) => [
    ...(i ? [" · "] : []),
    layer === state.selected
      ? element("strong", {}, data.layers[layer].kind)
      : element("button", { type: "button", class: "path", onclick: () => select(layer) }, data.layers[layer].kind),
  ]);
  return buttons.length ? [element("p", { class: "neighbours" }, "In one box: ", ...buttons)] : [];
}

function settingText([field, short, value]) {
  const size = (place) => (typeof place === "number" ? plainSize(place) : place);
  const shown = Array.isArray(value) ? value.map(size).join(" × ") : size(value);
  return `${field}${short ? ` ${short}` : ""} = ${shown}`;
}

const derived = (writer, value) =>
  writer.parts(value).flatMap((part, i) => [...(i ? [" = "] : []), displayed(part)]);

function sectionOf(writer, { heading, lines, picture }) {
  const kept = isInitial() ? ["always", "now"] : ["always", "else"];
  const shown = lines
    .filter(([, , when]) => kept.includes(when))
    .map(([name, remark, , value]) => [name, value ? derived(writer, value) : "", remark]);
  if (!shown.length) return [];
  return [
    element("h3", {}, heading), definitions(merged(shown)),
    ...(picture ? [element("pre", {}, picture)] : []),
  ];
}

// Lines that say the same of several axes, as one.
function merged(lines) {
  const found = [];
  for (const [name, content, remark] of lines) {
    const last = found[found.length - 1];
    const text = remark + (Array.isArray(content) ? content.map((each) => each.outerHTML ?? each).join("") : content);
    if (last && last.text === text && name && last.names.length) last.names.push(name);
    else found.push({ names: [name], content, remark, text });
  }
  return found.map(({ names, content, remark }) => [names.join(" and "), content, remark]);
}

function definitions(lines) {
  const rows = lines.map(([name, content, remark]) => {
    const value = element("dd", {}, ...(Array.isArray(content) ? content : [content]));
    if (remark) value.append(element("span", { class: "remark" }, content === "" ? remark : ` (${remark})`));
    return element("div", {}, element("dt", {}, name), value);
  });
  return element("dl", { class: "lines" }, ...rows);
}

// -- search -------------------------------------------------------------------------------------

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const isMatch = ({ path, kind }) => words.every((word) => `${path} ${kind}`.toLowerCase().includes(word));
  const found = data.layers.flatMap((layer, i) => (isMatch(layer) ? [i] : []));
  tableRows.forEach(({ row: tableRow }, i) => {
    tableRow.hidden = words.length > 0 && !found.includes(i);
  });
  diagram.highlight(words.length ? found : null);
  const count = `${found.length} ${found.length === 1 ? "layer" : "layers"}`;
  byId("found").textContent = words.length ? count : "";
  return words.length ? found : [];
}

function listenToSearch() {
  const field = byId("search");
  field.addEventListener("input", () => {
    search(field.value);
    if (state.selected !== null) bringIntoView(tableRows[state.selected].row);
  });
  field.addEventListener("keydown", (event) => {
    const found = event.key === "Enter" ? search(field.value) : [];
    if (!found.length) return;
    const next = found[(found.indexOf(state.selected) + 1) % found.length];
    select(next);
    event.preventDefault();
  });
  byId("diagram").addEventListener("drawn", () => search(field.value));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input")) return;
    field.focus();
    event.preventDefault();
  });
}

// -- all together -------------------------------------------------------------------------------

function update() {
  state.results = run(data.steps, state.values);
  state.problems = findProblems();
  showProblems();
  showConstraints();
  showTotals();
  fillTable();
  memory.show(state.results, isLegal());
  if (state.sorted) orderRows();
  showDerivation();
  diagram.redraw(150);
}

const diagram = new Diagram(byId("diagram"), byId("tooltip"), data.diagram, texts, (layer) =>
  select(layer, { reveal: false }),
);
const memory = new MemoryChart(byId("memory"), byId("memory-peak"), data, (layer) => select(layer));
state.results = run(data.steps, state.values);
showSymbols();
showTable();
showWarnings();
listenToSearch();
byId("fold").addEventListener("click", () => diagram.foldAll(true));
byId("unfold").addEventListener("click", () => diagram.foldAll(false));
byId("fit").addEventListener("click", () => diagram.fit());
byId("zoom-in").addEventListener("click", () => diagram.zoom(0.8));
byId("zoom-out").addEventListener("click", () => diagram.zoom(1.25));
byId("in-order").addEventListener("click", () => sortBy("order"));
addEventListener("beforeprint", () => diagram.print());
byId("formulas").addEventListener("change", ({ target }) => {
  state.showFormulas = target.checked;
  fillTable();
});
update();
if (data.layers.length) {
  const isTelling = ({ params }) => valueAt(params) === null || valueAt(params).top > 0n;
  select(Math.max(0, data.layers.findIndex(isTelling)), { reveal: false });
}
diagram.redraw();
