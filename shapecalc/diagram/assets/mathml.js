"use strict";
// Derivations as MathML: the formula in letters, the numbers put in, the steps, and the result.

const MATHML = "http://www.w3.org/1998/Math/MathML";

function math(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children);
  return element;
}

const row = (...children) => math("mrow", ...children);
const sign = (text) => math("mo", text);
const fenced = (inside, before = "(", after = ")") => row(sign(before), inside, sign(after));
const ROUNDINGS = { floor: ["⌊", "⌋"], ceil: ["⌈", "⌉"] };

function joined(elements, separator) {
  const found = [];
  for (const element of elements) {
    if (found.length) found.push(separator());
    found.push(element);
  }
  return found.length === 1 ? found[0] : row(...found);
}

// A letter with its index and prime: K, d_k, P_H, H', out_channels.
function letter(name) {
  const [, base, index, prime] = /^([A-Za-z])_?(\w?)('?)$/.exec(name) ?? [];
  if (base === undefined) return math("mi", name);
  let found = math("mi", base);
  if (index) found = math("msub", found, math(/\d/.test(index) ? "mn" : "mi", index));
  return prime ? row(found, sign("′")) : found;
}

// What holds how strongly together: text that is weaker than its surroundings gets parentheses.
const [SUM, PRODUCT, POWER, ATOM] = [0, 1, 2, 3];
const held = ([element, strength], least) => (strength >= least ? element : fenced(element));

function numberPair(value) {
  const isNegative = value.top < 0n;
  const size = `${isNegative ? -value.top : value.top}`.replace(/\B(?=(\d{3})+$)/g, ",");
  let element = math("mn", size);
  if (!isWhole(value)) element = math("mfrac", element, math("mn", `${value.bottom}`));
  return isNegative ? [row(sign("−"), element), SUM] : [element, ATOM];
}

function addedPairs(terms) {
  // terms are [isNegative, element]
  const found = [];
  for (const [isNegative, element] of terms) {
    if (isNegative) found.push(sign("−"));
    else if (found.length) found.push(sign("+"));
    found.push(element);
  }
  return row(...found);
}

// -- formulas in the symbols: places of the program ---------------------------------------------

const MOST_PARTS = 120; // of a formula that is still written out

class FormulaWriter {
  constructor(steps) {
    this.steps = steps;
  }

  write(place) {
    return this.whole(place)[0];
  }

  // The formula at a place, and how strongly it holds together.
  whole(place) {
    this.left = MOST_PARTS;
    const pair = this.pair(place);
    return this.left < 0 ? [math("mtext", "a long formula"), ATOM] : pair;
  }

  pair(place) {
    this.left -= 1;
    if (this.left < 0) return [math("mtext", "…"), ATOM];
    const [kind, ...operands] = this.steps[place];
    if (kind === "number") return numberPair(read(operands[0]));
    if (kind === "name") return [letter(operands[0]), ATOM];
    if (kind === "+") return [this.sum(operands), SUM];
    if (kind === "*") return this.product(operands);
    const written = operands.map((operand) => this.pair(operand));
    if (kind === "//") {
      const fraction = math("mfrac", written[0][0], written[1][0]);
      return [fenced(fraction, ...ROUNDINGS.floor), ATOM];
    }
    if (kind === "**") return [math("msup", held(written[0], ATOM), written[1][0]), POWER];
    const inside = joined(written.map(([element]) => element), () => sign(","));
    return [row(math("mi", kind), fenced(inside)), ATOM];
  }

  // The number that a product begins with, and the places of the other factors.
  factors(place) {
    const [kind, ...operands] = this.steps[place];
    if (kind === "number") return [read(operands[0]), []];
    if (kind !== "*") return [whole(1), [place]];
    const isNumber = (operand) => this.steps[operand][0] === "number";
    const number = operands.filter(isNumber).map((operand) => read(this.steps[operand][1]));
    return [number.reduce(times, whole(1)), operands.filter((operand) => !isNumber(operand))];
  }

  sum(operands) {
    const terms = operands.map((operand) => this.factors(operand));
    // numbers last, and a term that is taken off never first if it can be helped
    const rank = ([number, rest]) => (rest.length ? 0 : 2) + (number.top < 0n ? 1 : 0);
    terms.sort((a, b) => rank(a) - rank(b));
    return addedPairs(
      terms.map(([number, rest]) => {
        const isNegative = number.top < 0n;
        return [isNegative, this.multiplied(isNegative ? negative(number) : number, rest)];
      }),
    );
  }

  multiplied(number, rest) {
    const factors = rest.map((place) => held(this.pair(place), PRODUCT));
    const isOne = number.top === 1n && isWhole(number);
    if (!isOne || !factors.length) factors.unshift(numberPair(number)[0]);
    return joined(factors, () => sign("·"));
  }

  product(operands) {
    const parts = operands.map((operand) => this.factors(operand));
    const number = parts.map(([each]) => each).reduce(times, whole(1));
    const rest = parts.flatMap(([, each]) => each);
    if (number.top < 0n) return [row(sign("−"), this.multiplied(negative(number), rest)), SUM];
    return [this.multiplied(number, rest), PRODUCT];
  }
}

// A formula as plain text, for where there is no room for more: ⌊(H + 1)/2⌋.
function asText(element) {
  const parts = [...element.childNodes].map((each) => (each.nodeType === 3 ? each.data : asText(each)));
  if (element.localName === "mfrac") {
    const [above, below] = parts;
    return `${/[+−]/.test(above) ? `(${above})` : above}/${below}`;
  }
  if (element.localName === "msup") return parts.join("^");
  const isSum = element.localName === "mo" && /[+−]/.test(parts[0]);
  return isSum ? ` ${parts[0]} ` : parts.join("");
}

// -- derivations: trees of letters and numbers --------------------------------------------------

class DerivationWriter {
  constructor(results, formulas) {
    this.results = results;
    this.formulas = formulas;
  }

  value(tree) {
    const [kind, first, second, rounding] = tree;
    if (kind === "letter") return this.results[second];
    if (kind === "number") return this.results[first];
    if (kind === "value") return first;
    if (kind === "/") {
      const values = [this.value(first), this.value(second)];
      const quotient = values.includes(null) ? null : over(...values);
      if (quotient === null || rounding === "exact") return quotient;
      return rounding === "floor" ? floor(quotient) : ceiling(quotient);
    }
    const values = first.map((each) =>
      kind === "+" ? this.scaled(each) : this.value(each),
    );
    if (values.includes(null)) return null;
    if (kind === "gcd") return whole(common(values[0].top, values[1].top));
    if (kind === "round") return this.nearest(values[0]);
    return OPERATIONS[kind](values);
  }

  scaled([factor, term]) {
    const value = this.value(term);
    return value && times(this.results[factor], value);
  }

  // The nearest whole number, the even one of two, as in Python.
  nearest(value) {
    const below = floor(value);
    const twice = times(whole(2), plus(value, negative(below)));
    const order = compare(twice, whole(1));
    const up = order > 0 || (order === 0 && below.top % 2n !== 0n);
    return up ? plus(below, whole(1)) : below;
  }

  isBatchOfOne(tree) {
    const value = tree[0] === "letter" && tree[1] === "B" ? this.results[tree[2]] : null;
    return value !== null && isWhole(value) && value.top === 1n;
  }

  // The tree without a batch of one, which goes without saying.
  told(tree) {
    const [kind, first, second, rounding] = tree;
    if (kind === "letter" || kind === "number" || kind === "value") return tree;
    if (kind === "/") return [kind, this.told(first), this.told(second), rounding];
    if (kind === "+") return [kind, first.map(([factor, term]) => [factor, this.told(term)])];
    if (kind !== "*") return [kind, first.map((each) => this.told(each))];
    const factors = first.filter((each) => !this.isBatchOfOne(each)).map((each) => this.told(each));
    return factors.length === 1 ? factors[0] : [kind, factors];
  }

  // What stands inside quotients worked out, or the quotients themselves.
  worked(tree, inside) {
    const [kind, first, second, rounding] = tree;
    const value = (each) => ["value", this.value(each)];
    if (kind === "letter" || kind === "number" || kind === "value") return tree;
    if (kind === "+") return [kind, first.map(([f, term]) => [f, this.worked(term, inside)])];
    if (kind === "*") return [kind, first.map((each) => this.worked(each, inside))];
    if (!inside) return value(tree);
    if (kind === "/") return [kind, value(first), value(second), rounding];
    return [kind, first.map(value)];
  }

  pair(tree, letters) {
    const [kind, first, second, rounding] = tree;
    if (kind === "letter" && letters) return [letter(first), ATOM];
    if (kind === "letter") return this.number(second);
    if (kind === "number") return this.number(first);
    if (kind === "value") return numberPair(first);
    if (kind === "+") return this.sum(first, letters);
    if (kind === "*") return this.product(first, letters);
    if (kind === "/") {
      const [top, bottom] = [first, second].map((each) => this.pair(each, letters)[0]);
      const fraction = math("mfrac", top, bottom);
      if (rounding === "exact") return [fraction, ATOM];
      return [fenced(fraction, ...ROUNDINGS[rounding]), ATOM];
    }
    const inside = joined(first.map((each) => this.pair(each, letters)[0]), () => sign(","));
    return [row(math("mi", kind), fenced(inside)), ATOM];
  }

  // The number at a place, or the formula, where a symbol has no value.
  number(place) {
    const value = this.results[place];
    return value === null ? this.formulas.whole(place) : numberPair(value);
  }

  sum(terms, letters) {
    const told = terms.map(([place, term]) => {
      const factor = this.results[place];
      const isNegative = factor.top < 0n;
      const size = isNegative ? negative(factor) : factor;
      return [isNegative, this.term(size, term, letters)];
    });
    const strength = told.length > 1 || told[0][0] ? SUM : PRODUCT;
    return [addedPairs(told), strength];
  }

  term(factor, term, letters) {
    const isOne = isWhole(factor) && factor.top === 1n;
    const constant = term[0] === "number" ? this.results[term[1]] : null;
    if (constant !== null && isWhole(constant) && constant.top === 1n) return numberPair(factor)[0];
    if (isOne) return held(this.pair(term, letters), PRODUCT);
    const element = held(this.pair(term, letters), PRODUCT);
    const isShort = letters && term[0] === "letter" && term[1].length <= 2;
    const between = isShort ? [] : [sign("·")];
    return row(numberPair(factor)[0], ...between, element);
  }

  product(factors, letters) {
    const pieces = [];
    for (let i = 0, count; i < factors.length; i += count) {
      const own = JSON.stringify(factors[i], plain);
      count = 1;
      while (i + count < factors.length && JSON.stringify(factors[i + count], plain) === own) count++;
      const one = held(this.pair(factors[i], letters), count === 1 ? PRODUCT : ATOM);
      pieces.push(count === 1 ? one : math("msup", one, math("mn", `${count}`)));
    }
    return [joined(pieces, () => sign("·")), pieces.length > 1 ? PRODUCT : POWER];
  }

  // From the formula to the value, without steps that say the same again.
  steps(tree) {
    const told = this.told(tree);
    const value = this.value(told);
    if (told[0] === "number") return [this.number(told[1])[0]];
    const found = [this.pair(told, true)[0], this.pair(told, false)[0]];
    if (value !== null) {
      found.push(this.pair(this.worked(told, true), false)[0]);
      found.push(this.pair(this.worked(told, false), false)[0]);
      found.push(numberPair(value)[0]);
    }
    return unlike(found);
  }

  sizes(trees, letters) {
    const own = trees.length > 1 && this.isBatchOfOne(trees[0]) ? trees.slice(1) : trees;
    if (!own.length) return math("mn", "1");
    const written = own.map((tree) => {
      const told = letters ? this.told(tree) : ["value", this.value(tree)];
      if (!letters && told[1] === null) return this.pair(tree, false);
      return this.pair(told, letters);
    });
    return joined(
      written.map((pair) => (own.length > 1 ? held(pair, PRODUCT) : pair[0])),
      () => sign("×"),
    );
  }

  // What stands between the equals signs of a derivation.
  parts(derived) {
    const [kind, first, second, known] = derived;
    if (kind === "steps") return this.steps(first);
    if (kind === "sizes") return unlike([this.sizes(first, true), this.sizes(first, false)]);
    if (kind === "equation") {
      const left = this.pair(this.told(first), true)[0];
      return [left, ...(known ? this.steps(second) : [this.pair(this.told(second), true)[0]])];
    }
    const found = first.flatMap((trees) => {
      const formula = joined(
        trees.map((tree) => (tree[0] === "number" ? this.formulas.write(tree[1]) : this.pair(tree, true)[0])),
        () => sign("×"),
      );
      return [formula, this.sizes(trees, false)];
    });
    return unlike(found);
  }
}

const plain = (_, value) => (typeof value === "bigint" ? `${value}` : value);

function unlike(elements) {
  const seen = new Set();
  return elements.filter((element) => {
    const text = element.outerHTML;
    return !seen.has(text) && seen.add(text);
  });
}
