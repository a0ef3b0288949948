/**
 * Fractional order keys (SPEC T9): strings between strings, compared by code unit, that stay short when appended to.
 *
 * A key is an integer part followed by a fraction. The integer part's first letter says how long it is: `a`–`z` for 1…26
 * further digits of a number ≥ 0, `Z`–`A` for numbers below. The fraction never ends in `0`. Digits are `0-9A-Za-z`.
 */

import { InvalidEdit } from "./errors";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
const MAX_LENGTH = 512;
const FIRST = "a0";

interface Parts {
  readonly whole: string;
  readonly fraction: string;
}

/** Two random digits, so that people who insert at one place at one time rarely tie. */
export function randomJitter(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return digit((random[0] as number) % BASE) + digit(1 + ((random[1] as number) % (BASE - 1)));
}

/**
 * A key strictly between `a` (null: before everything) and `b` (null: after everything).
 * Throws InvalidEdit("no_order") where nothing fits.
 */
export function between(a: string | null, b: string | null, jitter: (() => string) | null = randomJitter): string {
  if (a !== null && b !== null && a >= b)
    throw new InvalidEdit("no_order", `there is no order key between ${a} and ${b}`, "the first must be smaller");
  const plain = keyBetween(a, b);
  const jittered = jitter === null ? plain : plain + jitter();
  const key = b === null || jittered < b ? jittered : plain;
  if ((a !== null && key <= a) || (b !== null && key >= b) || key.length > MAX_LENGTH)
    throw new InvalidEdit("no_order", `no order key fits between ${a} and ${b}`, "reorder the neighbours first");
  return key;
}

function keyBetween(a: string | null, b: string | null): string {
  if (a === null && b === null) return FIRST;
  const low = a === null ? null : split(a);
  const high = b === null ? null : split(b);
  // A foreign key: the whole string is taken as a fraction.
  if ((a !== null && low === null) || (b !== null && high === null)) return midpoint(a ?? "", b);
  if (high === null) return after(low as Parts);
  if (low === null) return before(high);
  if (low.whole === high.whole) return low.whole + midpoint(low.fraction, high.fraction);
  const following = step(low.whole, 1);
  return following !== null && following < (b as string) ? following : low.whole + midpoint(low.fraction, null);
}

function after({ whole, fraction }: Parts): string {
  return step(whole, 1) ?? whole + midpoint(fraction, null);
}

function before({ whole, fraction }: Parts): string {
  if (fraction !== "") return whole;
  return step(whole, -1) ?? whole.slice(0, 1) + midpoint("", whole.slice(1));
}

/** Integer part and fraction, or null where the key is none of ours. */
function split(key: string): Parts | null {
  const length = wholeLength(key.slice(0, 1));
  if (length === 0 || key.length < length || (key.length > length && key.endsWith("0"))) return null;
  return { whole: key.slice(0, length), fraction: key.slice(length) };
}

function wholeLength(head: string): number {
  if (head >= "a" && head <= "z") return head.charCodeAt(0) - 95;
  if (head >= "A" && head <= "Z") return 92 - head.charCodeAt(0);
  return 0;
}

/** The next (+1) or previous (−1) integer part, or null past the last. */
function step(whole: string, by: 1 | -1): string | null {
  const values = [...whole.slice(1)].map((letter) => DIGITS.indexOf(letter));
  for (let place = values.length - 1; place >= 0; place--) {
    const value = (values[place] as number) + by;
    values[place] = (value + BASE) % BASE;
    if (value >= 0 && value < BASE) return whole.slice(0, 1) + values.map(digit).join("");
  }
  return stepHead(whole.slice(0, 1), by);
}

/** The first (or last) integer part under the next (or previous) letter. */
function stepHead(head: string, by: 1 | -1): string | null {
  if (head === (by === 1 ? "z" : "A")) return null;
  const next = head === "Z" && by === 1 ? "a" : head === "a" && by === -1 ? "Z" : letter(head, by);
  return next + digit(by === 1 ? 0 : BASE - 1).repeat(wholeLength(next) - 1);
}

/** A fraction between two fractions (b null: 1) that does not end in 0; both are read with endless zeros behind. */
function midpoint(a: string, b: string | null): string {
  let at = 0;
  while (b !== null && at < b.length && (a[at] ?? "0") === b[at]) at++;
  const shared = b === null ? "" : b.slice(0, at);
  const low = a.length > at ? DIGITS.indexOf(a[at] as string) : 0;
  const high = b !== null && b.length > at ? DIGITS.indexOf(b[at] as string) : BASE;
  if (high - low > 1) return shared + digit((low + high) >> 1);
  if (b !== null && b.length > at + 1) return shared + b[at];
  return shared + digit(low) + midpoint(a.slice(at + 1), null);
}

function letter(head: string, by: number): string {
  return String.fromCharCode(head.charCodeAt(0) + by);
}

function digit(value: number): string {
  return DIGITS[value] as string;
}
