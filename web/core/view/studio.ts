/** The studio that lights a scene: a dome and five soft boxes, seen from its middle, as radiance by direction. */
import type { Vec3 } from "./types";

interface Panel {
  readonly color: number;
  readonly strength: number;
  readonly at: Vec3;
  readonly size: Vec3;
}

/** Soft boxes: colour temperature, strength, place and size (metres, the studio is a ball of radius 10). */
const PANELS: readonly Panel[] = [
  { color: 0xfff1e0, strength: 16, at: [5.5, 5, 3.5], size: [3.4, 0.1, 3.4] },
  { color: 0xdfeaff, strength: 7, at: [-6.5, 3, 2], size: [0.1, 3.6, 4] },
  { color: 0xeaf0ff, strength: 9, at: [-1, 4, -7.5], size: [5, 2, 0.1] },
  { color: 0xffffff, strength: 4.5, at: [0, 7.5, 0], size: [5, 0.1, 5] },
  { color: 0xffe9d2, strength: 2.2, at: [3, 0.8, 8], size: [3, 1.4, 0.1] },
];

/** Above and below the horizon, at the horizon and at the pole: darker below, so that undersides read as such. */
const SKY = { near: [0.34, 0.37, 0.42], pole: [0.62, 0.66, 0.74], reach: 0.9 } as const;
const GROUND = { near: [0.24, 0.23, 0.22], pole: [0.09, 0.09, 0.095], reach: 0.7 } as const;

/** A panel as it is looked up: its corners, its light, and the cone around it that a direction must lie in to meet it. */
interface Lamp {
  readonly min: Vec3;
  readonly max: Vec3;
  readonly light: Vec3;
  readonly axis: Vec3;
  readonly cosine: number;
}

const LAMPS: readonly Lamp[] = PANELS.map(lamp);

/** Adds `weight` times the linear radiance that comes from a unit direction to three numbers of `into`. */
export function addRadiance(x: number, y: number, z: number, weight: number, into: Float32Array, at: number): void {
  const light = lampAt(x, y, z)?.light ?? null;
  if (light !== null) {
    for (let c = 0; c < 3; c++) into[at + c] = (into[at + c] as number) + weight * (light[c] as number);
    return;
  }
  const half = y > 0 ? SKY : GROUND;
  const t = Math.min(1, Math.abs(y) / half.reach);
  const rise = t * t * (3 - 2 * t);
  for (let c = 0; c < 3; c++) {
    const near = half.near[c] as number;
    into[at + c] = (into[at + c] as number) + weight * (near + ((half.pole[c] as number) - near) * rise);
  }
}

/** The lamp that a direction meets first. */
function lampAt(x: number, y: number, z: number): Lamp | null {
  let nearest = Number.POSITIVE_INFINITY;
  let found: Lamp | null = null;
  for (const candidate of LAMPS) {
    const { axis } = candidate;
    if (x * axis[0] + y * axis[1] + z * axis[2] < candidate.cosine) continue;
    const distance = enter(candidate, x, y, z);
    if (distance >= nearest) continue;
    nearest = distance;
    found = candidate;
  }
  return found;
}

/** Where a ray from the middle enters a box; Infinity where it misses. */
function enter({ min, max }: Lamp, x: number, y: number, z: number): number {
  const [ax, bx] = [min[0] / x, max[0] / x];
  const [ay, by] = [min[1] / y, max[1] / y];
  const [az, bz] = [min[2] / z, max[2] / z];
  const from = Math.max(Math.min(ax, bx), Math.min(ay, by), Math.min(az, bz));
  const to = Math.min(Math.max(ax, bx), Math.max(ay, by), Math.max(az, bz));
  return from > 0 && from <= to ? from : Number.POSITIVE_INFINITY;
}

function lamp({ color, strength, at, size }: Panel): Lamp {
  const corner = (sign: number) => at.map((c, i) => c + (sign * (size[i] as number)) / 2) as unknown as Vec3;
  const distance = Math.hypot(...at);
  const reach = Math.hypot(...size) / 2;
  const light = [16, 8, 0].map((shift) => linear(((color >> shift) & 255) / 255) * strength);
  return {
    min: corner(-1),
    max: corner(1),
    light: light as unknown as Vec3,
    axis: at.map((c) => c / distance) as unknown as Vec3,
    cosine: Math.sqrt(Math.max(0, 1 - (reach / distance) ** 2)),
  };
}

/** sRGB to linear. */
function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
