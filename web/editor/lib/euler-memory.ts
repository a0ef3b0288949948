/**
 * Euler angles of a quaternion are not unique: 100° about Y reads back as (180, 80, 180). What somebody typed or dragged
 * here stays what they see while the rotation is the one that was made of it.
 */
import { eulerOf, type Quaternion, quaternionOf, type Vec3 } from "./rotation";

const typed = new Map<string, { euler: Vec3; rotation: Quaternion }>();

export function eulerFor(node: string, rotation: Quaternion): Vec3 {
  const known = typed.get(node);
  return known && same(known.rotation, rotation) ? known.euler : eulerOf(rotation);
}

/** The rotation to write for angles in degrees, which `eulerFor` will give back. */
export function rotationFor(node: string, euler: Vec3): [number, number, number, number] {
  const rotation = quaternionOf(euler);
  typed.set(node, { euler, rotation });
  return rotation;
}

function same(a: Quaternion, b: Quaternion): boolean {
  return a.every((value, i) => value === b[i]);
}
