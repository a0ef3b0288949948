const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const grouped = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const dated = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const timed = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** 12 345 → "12,345"; from a million on "1.3M". */
export function count(value: number): string {
  return value >= 1e6 ? compact.format(value) : grouped.format(value);
}

/** "1 node", "3 nodes". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
}

/** A number as a person would write it: at most `digits` decimals, no trailing zeros, never "-0". */
export function decimal(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 10 ** -digits / 2 || Math.abs(value) >= 1e9)) return value.toExponential(2);
  const text = value.toFixed(digits).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}

export function percent(value: number, digits = 0): string {
  return `${decimal(value * 100, digits)} %`;
}

/** "3 minutes ago"; after a week the date. `now` in milliseconds since 1970. */
export function ago(then: number, now: number): string {
  const seconds = Math.round((then - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number, number][] = [
    ["minute", 60, 3600],
    ["hour", 3600, 86_400],
    ["day", 86_400, 604_800],
  ];
  if (seconds > -45) return "just now";
  for (const [unit, size, limit] of steps) {
    if (-seconds < limit) return relative.format(Math.round(seconds / size), unit);
  }
  return dated.format(then);
}

/** "in 6 days", "in 3 hours"; what is over "has ended". */
export function until(then: number, now: number): string {
  const minutes = Math.round((then - now) / 60_000);
  if (minutes <= 0) return "has ended";
  if (minutes < 60) return relative.format(minutes, "minute");
  if (minutes < 48 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / 1440), "day");
}

/** "Firefox on Linux", from how a browser names itself; what is no browser as it is. */
export function browserOf(agent: string): string {
  const name = [
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ].find(([pattern]) => (pattern as RegExp).test(agent))?.[1];
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux|CrOS/.exec(agent)?.[0].replace("Mac OS X", "macOS");
  if (!name) return agent.slice(0, 40) || "Unknown";
  return system ? `${name} on ${system}` : `${name}`;
}

export function moment(time: number): string {
  return timed.format(time);
}

const LENGTHS = [
  [1000, "km", 10_000],
  [1, "m", 1],
  [0.001, "mm", 0.001],
  [1e-6, "µm", 0],
] as const;

function unitFor(metres: number): (typeof LENGTHS)[number] {
  return LENGTHS.find(([, , from]) => Math.abs(metres) >= from) ?? LENGTHS[1];
}

/** A length in metres in the unit that reads best. */
export function length(metres: number): string {
  if (metres === 0) return "0 m";
  const [size, unit] = unitFor(metres);
  return `${decimal(metres / size, 2)} ${unit}`;
}

/** "1.2 × 0.4 × 3 m": all in the unit of the longest. */
export function dimensions(metres: readonly number[]): string {
  const longest = Math.max(...metres.map(Math.abs));
  const [size, unit] = unitFor(longest || 1);
  const digits = longest / size >= 100 ? 0 : longest / size >= 10 ? 1 : 2;
  return `${metres.map((side) => decimal(side / size, digits)).join(" × ")} ${unit}`;
}

/** "computing" → "Computing". */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Refusals speak in clauses ("the key is wrong", "ask for a new one"): makes sentences of them. */
export function sentences(...clauses: string[]): string {
  return clauses
    .filter(Boolean)
    .map((clause) => capitalised(clause) + (/[.!?]$/.test(clause) ? "" : "."))
    .join(" ");
}
