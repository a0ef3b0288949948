/** Quaternions (x, y, z, w) ↔ Euler angles in degrees, intrinsic XYZ, without three. */

export type Vec3 = readonly [number, number, number];
export type Quaternion = readonly [number, number, number, number];

const DEGREES = 180 / Math.PI;

export function eulerOf([x, y, z, w]: Quaternion): [number, number, number] {
  const m13 = 2 * (x * z + w * y);
  const pitch = Math.asin(Math.min(1, Math.max(-1, m13)));
  if (Math.abs(m13) < 0.9999999) {
    const roll = Math.atan2(2 * (w * x - y * z), 1 - 2 * (x * x + y * y));
    const yaw = Math.atan2(2 * (w * z - x * y), 1 - 2 * (y * y + z * z));
    return [tidy(roll * DEGREES), tidy(pitch * DEGREES), tidy(yaw * DEGREES)];
  }
  const roll = Math.atan2(2 * (y * z + w * x), 1 - 2 * (x * x + z * z));
  return [tidy(roll * DEGREES), tidy(pitch * DEGREES), 0];
}

export function quaternionOf([a, b, c]: Vec3): [number, number, number, number] {
  const [x, y, z] = [a / DEGREES / 2, b / DEGREES / 2, c / DEGREES / 2];
  const [cx, cy, cz] = [Math.cos(x), Math.cos(y), Math.cos(z)];
  const [sx, sy, sz] = [Math.sin(x), Math.sin(y), Math.sin(z)];
  return normalised([
    sx * cy * cz + cx * sy * sz,
    cx * sy * cz - sx * cy * sz,
    cx * cy * sz + sx * sy * cz,
    cx * cy * cz - sx * sy * sz,
  ]);
}

/** Turns −Z, where cameras look, into a direction; +Y stays up. */
export function looking([x, y, z]: Vec3): [number, number, number, number] {
  const yaw = Math.atan2(-x, -z) / 2;
  const pitch = Math.atan2(y, Math.hypot(x, z)) / 2;
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return normalised([cy * sp, sy * cp, -sy * sp, cy * cp]);
}

export function normalised([x, y, z, w]: Quaternion): [number, number, number, number] {
  const length = Math.hypot(x, y, z, w) || 1;
  return [x / length, y / length, z / length, w / length];
}

/** Removes the noise of the conversion: 89.99999999 → 90. */
function tidy(degrees: number): number {
  const value = Math.round(degrees * 1e4) / 1e4;
  return value === 0 ? 0 : value;
}
