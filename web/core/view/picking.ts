/** What lies under a pixel: the nearest surface of a visible, unlocked node, or the icon of a light or camera. */
import { Box3, Matrix4, type PerspectiveCamera, Ray, Raycaster, Vector2, Vector3 } from "three";
import { type BvhCache, castSurface } from "./bvh";
import type { DrawGeometry } from "./geometries";
import type { Drawable } from "./objects";

export interface Pick {
  readonly id: string;
  /** World metres. */
  readonly point: Vector3;
  readonly distance: number;
}

const caster = new Raycaster();

/** The ray from the camera through a pixel of a viewport; origin and direction in doubles. */
export function rayThrough(camera: PerspectiveCamera, x: number, y: number, width: number, height: number): Ray {
  caster.setFromCamera(new Vector2((x / width) * 2 - 1, 1 - (y / height) * 2), camera);
  return caster.ray.clone();
}

export class Picker {
  constructor(
    private readonly bvhs: BvhCache,
    private readonly geometry: (hash: string) => DrawGeometry | undefined,
  ) {}

  /** The nearest hit among `drawables`. `everything` includes locked nodes (for points, not for selection). */
  pick(ray: Ray, drawables: Iterable<Drawable>, everything = false): Pick | null {
    let best: Pick | null = null;
    for (const { drawable, near } of candidates(ray, drawables, everything)) {
      if (best && near > best.distance) break;
      const hit = this.hit(ray, drawable);
      if (hit && (!best || hit.distance < best.distance)) best = hit;
    }
    return best;
  }

  private hit(ray: Ray, drawable: Drawable): Pick | null {
    const inverse = new Matrix4().copy(drawable.matrix).invert();
    const local = new Ray().copy(ray).applyMatrix4(inverse);
    const stretch = local.direction.length();
    if (!Number.isFinite(stretch) || stretch === 0) return null;
    local.direction.divideScalar(stretch);
    const along = this.along(local, drawable);
    if (along === null) return null;
    const point = local.at(along, new Vector3()).applyMatrix4(drawable.matrix);
    return { id: drawable.id, point, distance: point.distanceTo(ray.origin) };
  }

  /** Distance in the geometry's frame: on its surface, or on its box while nothing better is known. */
  private along(local: Ray, drawable: Drawable): number | null {
    const geometry = drawable.drawn && this.geometry(drawable.drawn.hash);
    const bvh = geometry && drawable.drawn ? this.bvhs.get(drawable.drawn.hash, geometry) : undefined;
    return bvh ? castSurface(bvh, local) : castBox(local, drawable);
  }
}

function castBox(local: Ray, drawable: Drawable): number | null {
  const { facts } = drawable;
  if (!facts) return null;
  const center = facts.center.clone().sub(facts.origin);
  const box = new Box3(center.clone().sub(facts.half), center.clone().add(facts.half));
  return local.intersectBox(box, new Vector3())?.distanceTo(local.origin) ?? null;
}

/** Those whose ball the ray meets, by the distance at which it enters. */
function candidates(
  ray: Ray,
  drawables: Iterable<Drawable>,
  everything: boolean,
): { drawable: Drawable; near: number }[] {
  const found: { drawable: Drawable; near: number }[] = [];
  const way = new Vector3();
  for (const drawable of drawables) {
    if (!drawable.visible || (drawable.node.source.locked && !everything)) continue;
    const { center, radius } = drawable.ball;
    const along = way.subVectors(center, ray.origin).dot(ray.direction);
    const missed = way.lengthSq() - along * along;
    if (along + radius <= 0 || missed > radius * radius) continue;
    found.push({ drawable, near: Math.max(0, along - Math.sqrt(radius * radius - missed)) });
  }
  return found.sort((a, b) => a.near - b.near);
}
