/**
 * What a number field understands: `12.5`, `1/3`, `(2+3)*4`, `25cm`, `90deg`, `pi/2`, and relative to the old value
 * `+=2`, `-=2`, `*=2`, `/=2`. No eval.
 */

const UNITS: Record<string, number> = { m: 1, cm: 0.01, mm: 0.001, km: 1000, in: 0.0254, ft: 0.3048, deg: 1, "°": 1 };
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|(°|[a-z]+)|([-+*/^()%]))/iy;

type Token = { kind: "number"; value: number } | { kind: "word" | "sign"; value: string };

/** The value, or null when the text is not a finite number or expression. */
export function evaluate(text: string, old = 0): number | null {
  const relative = /^\s*([-+*/])=(.*)$/s.exec(text);
  const operand = calculate((relative?.[2] ?? text).replace(",", "."));
  if (operand === null) return null;
  const value = relative?.[1] ? apply(relative[1], old, operand) : operand;
  return Number.isFinite(value) ? value : null;
}

function calculate(text: string): number | null {
  const tokens = tokenise(text);
  if (!tokens?.length) return null;
  const reader = { tokens, at: 0 };
  const value = sum(reader);
  return value !== null && reader.at === tokens.length ? value : null;
}

function tokenise(text: string): Token[] | null {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source);
    if (!match) return null;
    if (match[1]) tokens.push({ kind: "number", value: Number(match[1]) });
    else if (match[2]) tokens.push({ kind: "word", value: match[2].toLowerCase() });
    else if (match[3]) tokens.push({ kind: "sign", value: match[3] });
  }
  return tokens;
}

type Reader = { tokens: Token[]; at: number };

function sign(reader: Reader, accepted: string): string | null {
  const token = reader.tokens[reader.at];
  if (token?.kind !== "sign" || !accepted.includes(token.value)) return null;
  reader.at++;
  return token.value;
}

function chain(reader: Reader, accepted: string, operand: (reader: Reader) => number | null): number | null {
  let value = operand(reader);
  while (value !== null) {
    const operator = sign(reader, accepted);
    if (!operator) return value;
    const right = operand(reader);
    value = right === null ? null : apply(operator, value, right);
  }
  return null;
}

const sum = (reader: Reader): number | null => chain(reader, "+-", product);
const product = (reader: Reader): number | null => chain(reader, "*/%", power);

function power(reader: Reader): number | null {
  const base = unary(reader);
  if (base === null || !sign(reader, "^")) return base;
  const exponent = power(reader);
  return exponent === null ? null : base ** exponent;
}

function unary(reader: Reader): number | null {
  if (sign(reader, "-")) {
    const value = unary(reader);
    return value === null ? null : -value;
  }
  return sign(reader, "+") ? unary(reader) : atom(reader);
}

function atom(reader: Reader): number | null {
  if (sign(reader, "(")) {
    const inner = sum(reader);
    return inner !== null && sign(reader, ")") ? inner : null;
  }
  const token = reader.tokens[reader.at++];
  if (token?.kind === "word") return token.value === "pi" ? Math.PI : null;
  if (token?.kind !== "number") return null;
  const next = reader.tokens[reader.at];
  const unit = next?.kind === "word" ? UNITS[next.value] : undefined;
  if (unit === undefined) return token.value;
  reader.at++;
  return token.value * unit;
}

function apply(operator: string, left: number, right: number): number {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  return operator === "/" ? left / right : left % right;
}
