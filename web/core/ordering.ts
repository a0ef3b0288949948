/**
 * Fractional order keys (SPEC T9): base 62, compared by code unit. An integer part whose first letter tells its length
 * (so that appending stays short), then a fraction; never ending in `0`.
 */

import { InvalidEdit } from "./errors";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MAX_LENGTH = 512;
const LAST = DIGITS.length - 1;
const MIDDLE = DIGITS[31] as string;

/** Two random digits, the last one not `0`: concurrent inserts at one place rarely tie. */
function randomJitter(): string {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
  return digit(a % 62) + digit(1 + (b % LAST));
}

/** A key strictly between `a` and `b`; null stands for the ends. */
export function between(a: string | null, b: string | null, jitter: (() => string) | null = randomJitter): string {
  if (a !== null && b !== null && a >= b) throw new InvalidEdit("bad_order", `${a} is not before ${b}`);
  const plain = middle(a, b);
  const key = jitter !== null && (b === null || !b.startsWith(plain)) ? plain + jitter() : plain;
  if (key.length > MAX_LENGTH)
    throw new InvalidEdit("bad_order", `the key between ${a} and ${b} would be too long`, "reorder the neighbours");
  return key;
}

function middle(a: string | null, b: string | null): string {
  if (a !== null && integerPart(a) === null) return fraction(a, b ?? "");
  if (b !== null && integerPart(b) === null) return fraction(a ?? "", b);
  if (a === null) return b === null ? "a1" : before(b);
  if (b === null) return after(a);
  return inside(a, b);
}

function after(a: string): string {
  const whole = integerPart(a) as string;
  const next = step(whole, 1);
  return next === null ? whole + fraction(a.slice(whole.length), "") : solid(next);
}

function before(b: string): string {
  const whole = integerPart(b) as string;
  const previous = step(whole, -1);
  return previous === null ? fraction("", b) : solid(previous);
}

function inside(a: string, b: string): string {
  const low = integerPart(a) as string;
  const high = integerPart(b) as string;
  if (low === high) return low + fraction(a.slice(low.length), b.slice(high.length));
  const next = step(low, 1);
  if (next !== null && solid(next) < b) return solid(next);
  return low + fraction(a.slice(low.length), "");
}

/** An integer part may end in 0, a key may not. */
function solid(key: string): string {
  return key.endsWith("0") ? key + MIDDLE : key;
}

/** The integer part with its length letter (a–z ascending, Z–A below), or null where the key is none of ours. */
function integerPart(key: string): string | null {
  const length = partLength(key[0] ?? "");
  return length === 0 || key.length < length ? null : key.slice(0, length);
}

function partLength(head: string): number {
  if (head >= "a" && head <= "z") return head.charCodeAt(0) - 95;
  if (head >= "A" && head <= "Z") return 92 - head.charCodeAt(0);
  return 0;
}

/** The next (+1) or previous (−1) integer part, or null at the end of the range. */
function step(whole: string, by: 1 | -1): string | null {
  const digits = [...whole.slice(1)];
  const [wrapFrom, wrapTo] = by === 1 ? [LAST, "0"] : [0, "z"];
  for (let i = digits.length - 1; i >= 0; i--) {
    const value = DIGITS.indexOf(digits[i] as string);
    if (value !== wrapFrom) {
      digits[i] = digit(value + by);
      return whole[0] + digits.join("");
    }
    digits[i] = wrapTo;
  }
  return resized(whole[0] as string, by);
}

/** The first integer part of the next letter: longer away from the middle, shorter towards it. */
function resized(head: string, by: 1 | -1): string | null {
  if (head === (by === 1 ? "z" : "A")) return null;
  const next =
    by === 1 && head === "Z" ? "a" : by === -1 && head === "a" ? "Z" : String.fromCharCode(head.charCodeAt(0) + by);
  return next + (by === 1 ? "0" : "z").repeat(partLength(next) - 1);
}

/** A digit string strictly between two, the empty `high` standing for the end; never ending in 0. */
function fraction(low: string, high: string): string {
  let shared = "";
  for (let i = 0; ; i++) {
    const a = i < low.length ? DIGITS.indexOf(low[i] as string) : 0;
    const b = high === "" || i > high.length ? LAST + 1 : i < high.length ? DIGITS.indexOf(high[i] as string) : -1;
    if (b === -1) throw new InvalidEdit("bad_order", `nothing lies between ${low} and ${high}`);
    if (a === b) {
      shared += digit(a);
      continue;
    }
    if (b - a > 1) return shared + digit(a + ((b - a) >> 1));
    // Neighbouring digits: keep the lower one and find room above the rest of `low`.
    return shared + digit(a) + fraction(low.slice(i + 1), "");
  }
}

function digit(value: number): string {
  return DIGITS[value] as string;
}
