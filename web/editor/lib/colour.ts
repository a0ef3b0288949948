/** Colours of the document are linear; those of the interface are sRGB hex. */

export function toSrgb(linear: number): number {
  const c = Math.min(1, Math.max(0, linear));
  return c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055;
}

export function toLinear(srgb: number): number {
  return srgb <= 0.04045 ? srgb / 12.92 : ((srgb + 0.055) / 1.055) ** 2.4;
}

/** "#rrggbb" of a linear colour (its first three components). */
export function hexOf(linear: readonly number[]): string {
  const channel = (c: number) =>
    Math.round(toSrgb(c) * 255)
      .toString(16)
      .padStart(2, "0");
  return `#${channel(linear[0] ?? 0)}${channel(linear[1] ?? 0)}${channel(linear[2] ?? 0)}`;
}

/** Linear RGB of "#rrggbb", "#rgb" or the same without "#"; null when it is none of them. */
export function linearOf(hex: string): [number, number, number] | null {
  const match = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(hex.trim());
  if (!match?.[1]) return null;
  const digits = match[1].length === 3 ? [...match[1]].map((d) => d + d).join("") : match[1];
  const channel = (at: number) => round(toLinear(Number.parseInt(digits.slice(at, at + 2), 16) / 255));
  return [channel(0), channel(2), channel(4)];
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The colours offered to people: far apart, and each readable with dark text on it. */
export const PEOPLE_COLOURS = [
  "#8b9aff",
  "#6bd6a0",
  "#ebbf6b",
  "#ff8f85",
  "#7cc8f2",
  "#d69bf0",
  "#f29bc1",
  "#b7d36b",
] as const;

/** A stable number of a string (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
