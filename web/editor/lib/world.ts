/** Places of nodes in the world, from their chain of transforms. */
import type { NodeSnapshot } from "@core/store";

type Vec3 = readonly [number, number, number];

interface Nodes {
  node(id: string): NodeSnapshot | undefined;
}

/** A point of a node's own frame in world metres. */
export function toWorld(nodes: Nodes, id: string, point: Vec3): Vec3 {
  let place = point;
  for (let node = nodes.node(id); node; node = nodes.node(node.parent)) place = applied(node, place);
  return place;
}

function applied({ translation: t, rotation: q, scale: s }: NodeSnapshot, p: Vec3): Vec3 {
  const [x, y, z] = turned(q, [p[0] * s[0], p[1] * s[1], p[2] * s[2]]);
  return [t[0] + x, t[1] + y, t[2] + z];
}

/** v + 2w(q × v) + 2 q × (q × v) */
function turned([qx, qy, qz, w]: readonly [number, number, number, number], v: Vec3): Vec3 {
  const q: Vec3 = [qx, qy, qz];
  const once = cross(q, v);
  const twice = cross(q, once);
  return [0, 1, 2].map((i) => (v[i] ?? 0) + 2 * (w * (once[i] ?? 0) + (twice[i] ?? 0))) as unknown as Vec3;
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
