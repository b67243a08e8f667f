"use strict";
// Exact arithmetic. A number is a ratio of BigInts, {top, bottom}, in lowest terms, the bottom
// positive; null is a number that is not known. The operators are Python's: `//` rounds down.

const whole = (top) => ({ top: BigInt(top), bottom: 1n });
const MOST_BITS = 20000n; // of a power: no size or count comes near, and larger ones take for ever

function common(a, b) {
  while (b) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}

function ratio(top, bottom) {
  if (bottom === 1n) return { top, bottom };
  if (bottom === 0n) return null;
  const shared = common(top, bottom) * (bottom < 0n ? -1n : 1n);
  return { top: top / shared, bottom: bottom / shared };
}

const isWhole = (a) => a.bottom === 1n;
const plus = (a, b) => ratio(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
const times = (a, b) => ratio(a.top * b.top, a.bottom * b.bottom);
const over = (a, b) => ratio(a.top * b.bottom, a.bottom * b.top);
const negative = (a) => ({ top: -a.top, bottom: a.bottom });
const compare = (a, b) => {
  const difference = a.top * b.bottom - b.top * a.bottom;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

function floor(a) {
  const quotient = a.top / a.bottom; // BigInt division rounds towards zero
  return whole(a.top < 0n && a.top % a.bottom ? quotient - 1n : quotient);
}

const ceiling = (a) => negative(floor(negative(a)));

function floorDivided(a, b) {
  const quotient = over(a, b);
  return quotient && floor(quotient);
}

function raised(base, exponent) {
  if (!isWhole(exponent)) return null;
  const power = exponent.top < 0n ? -exponent.top : exponent.top;
  const bits = BigInt(Math.max(`${base.top}`.length, `${base.bottom}`.length)) * 4n;
  if (base.top !== 0n && base.top !== 1n && power * bits > MOST_BITS) return null;
  const found = { top: base.top ** power, bottom: base.bottom ** power };
  return exponent.top < 0n ? over(whole(1), found) : found;
}

const least = (values) => values.reduce((a, b) => (compare(b, a) < 0 ? b : a));
const greatest = (values) => values.reduce((a, b) => (compare(b, a) > 0 ? b : a));

const OPERATIONS = {
  "+": (values) => values.reduce(plus),
  "*": (values) => values.reduce(times),
  "//": ([a, b]) => floorDivided(a, b),
  "**": ([a, b]) => raised(a, b),
  min: least,
  max: greatest,
};

// A number as it is written: 3, 3/4 or 0.75; null if it is none.
function read(text) {
  const found = /^\s*(-?\d+)(?:\/(\d+)|\.(\d+))?\s*$/.exec(text);
  if (!found) return null;
  const [, integer, bottom, decimals] = found;
  if (bottom !== undefined) return ratio(BigInt(integer), BigInt(bottom));
  if (decimals === undefined) return whole(integer);
  return ratio(BigInt(integer + decimals), 10n ** BigInt(decimals.length));
}

// The results of all steps of a program, where symbols have these values, by name.
function run(steps, values) {
  const results = [];
  for (const [sign, ...operands] of steps) {
    if (sign === "number") results.push(read(operands[0]));
    else if (sign === "name") results.push(values[operands[0]] ?? null);
    else {
      const known = operands.map((place) => results[place]);
      results.push(known.includes(null) ? null : OPERATIONS[sign](known));
    }
  }
  return results;
}

// A number with separators, as Python's f"{n:,}".
function written(value) {
  const digits = `${value.top}`.replace(/\B(?=(\d{3})+$)/g, ",");
  return isWhole(value) ? digits : `${digits}/${value.bottom}`;
}

// A large number in three digits: 11.7 M.
function rounded(value) {
  const number = Number(value.top) / Number(value.bottom);
  if (!(number >= 10000)) return written(value);
  const group = Math.min(Math.floor(Math.log10(number * 1.0005) / 3), 6);
  return `${(number / 1000 ** group).toPrecision(3)} ${["", "k", "M", "G", "T", "P", "E"][group]}`;
}
