/** Lights and cameras of the scene: the lights shine, and both are drawn as small line figures of constant size. */
import {
  BufferGeometry,
  DirectionalLight,
  Float32BufferAttribute,
  type Light,
  LineBasicMaterial,
  LineSegments,
  Matrix4,
  type PerspectiveCamera,
  PointLight,
  type Scene,
  SpotLight,
  Vector3,
} from "three";
import { type Bounds, tuple } from "./camera";
import { project } from "./gizmo-hit";
import type { MirrorNode } from "./mirror";
import type { CameraSource, LightSource, SceneSource } from "./sources";

const ICON_PIXELS = { light: 15, camera: 30 } as const;
const REACH_PIXELS = 15;
const PLAIN = 0x8b93a5;

interface Helper {
  readonly node: MirrorNode;
  readonly kind: "light" | "camera";
  readonly lines: LineSegments<BufferGeometry, LineBasicMaterial>;
  readonly light: Light | null;
}

export class Helpers {
  private readonly helpers = new Map<string, Helper>();

  constructor(
    private readonly scene: Scene,
    private readonly store: SceneSource,
  ) {}

  get lights(): boolean {
    return [...this.helpers.values()].some((helper) => helper.light?.visible);
  }

  /** Makes the figure of a node anew (or takes it away) after its content, light or camera changed. */
  refresh(node: MirrorNode | undefined, id: string): void {
    this.drop(id);
    const light = node?.source.light ? this.store.light(node.source.light) : undefined;
    const camera = node?.source.camera ? this.store.camera(node.source.camera) : undefined;
    if (!node || !(light || camera)) return;
    const geometry = light ? lightFigure(light) : frustumFigure(camera as CameraSource);
    const helper: Helper = {
      node,
      kind: light ? "light" : "camera",
      lines: figure(geometry),
      light: light ? makeLight(light) : null,
    };
    this.helpers.set(id, helper);
    this.scene.add(helper.lines);
    if (helper.light) this.scene.add(helper.light);
  }

  /** Nodes whose light or camera record is among the changed keys. */
  usersOf(changed: ReadonlySet<string>): MirrorNode[] {
    return [...this.helpers.values()]
      .map((helper) => helper.node)
      .filter(({ source }) => changed.has(`lights/${source.light}`) || changed.has(`cameras/${source.camera}`));
  }

  /** Puts everything where its node is. `colors`: of selected nodes; `icons`: whether figures show. */
  update(camera: PerspectiveCamera, height: number, colors: ReadonlyMap<string, string>, icons: boolean): void {
    for (const [id, helper] of this.helpers) {
      helper.lines.visible = icons && !helper.node.hidden;
      helper.lines.material.color.set(colors.get(id) ?? PLAIN);
      helper.lines.matrixWorld.copy(iconMatrix(helper.node.world, camera, height, ICON_PIXELS[helper.kind]));
      if (helper.light) aim(helper.light, helper.node);
    }
  }

  /** The figure nearest to a pixel, if one is near. */
  pick(x: number, y: number, viewport: { camera: PerspectiveCamera; width: number; height: number }): string | null {
    let best: { id: string; miss: number } | null = null;
    for (const [id, helper] of this.helpers) {
      if (helper.node.hidden || helper.node.source.locked) continue;
      const at = project(viewport, new Vector3().setFromMatrixPosition(helper.node.world));
      const miss = Math.hypot(at.x - x, at.y - y);
      if (!at.behind && miss < REACH_PIXELS && (!best || miss < best.miss)) best = { id, miss };
    }
    return best?.id ?? null;
  }

  /** Two metres around the first of these nodes that has a figure. */
  bounds(ids: readonly string[]): Bounds | null {
    const helper = ids.map((id) => this.helpers.get(id)).find((found) => found !== undefined);
    if (!helper) return null;
    return { center: tuple(new Vector3().setFromMatrixPosition(helper.node.world)), half: [1, 1, 1], radius: 1 };
  }

  dispose(): void {
    for (const id of [...this.helpers.keys()]) this.drop(id);
  }

  private drop(id: string): void {
    const helper = this.helpers.get(id);
    if (!helper) return;
    this.helpers.delete(id);
    this.scene.remove(helper.lines);
    helper.lines.geometry.dispose();
    helper.lines.material.dispose();
    if (!helper.light) return;
    this.scene.remove(helper.light);
    helper.light.dispose();
  }
}

function makeLight(source: LightSource): Light {
  const light = emitter(source);
  light.color.setRGB(...source.color);
  light.intensity = source.intensity;
  for (const object of "target" in light ? [light, light.target as DirectionalLight["target"]] : [light]) {
    object.matrixAutoUpdate = false;
    object.matrixWorldAutoUpdate = false;
  }
  return light;
}

function emitter(source: LightSource): Light {
  if (source.type === "directional") return new DirectionalLight();
  if (source.type === "point") return new PointLight(0xffffff, 1, source.range ?? 0, 2);
  const outer = Math.min(Math.max(source.outerConeAngle, 1e-3), Math.PI / 2);
  return new SpotLight(0xffffff, 1, source.range ?? 0, outer, 1 - Math.min(source.innerConeAngle / outer, 1), 2);
}

/** Along −Z of its node; the target is only there to say so. */
function aim(light: Light, node: MirrorNode): void {
  light.visible = !node.hidden;
  light.matrixWorld.copy(node.world);
  if (!("target" in light)) return;
  const target = light.target as DirectionalLight["target"];
  const forward = new Vector3(0, 0, -1).transformDirection(node.world);
  target.matrixWorld.makeTranslation(forward.add(new Vector3().setFromMatrixPosition(node.world)));
}

/** Position and orientation of a matrix with the size of so many pixels. */
export function iconMatrix(world: Matrix4, camera: PerspectiveCamera, height: number, pixels: number): Matrix4 {
  const position = new Vector3().setFromMatrixPosition(world);
  const depth = position.distanceTo(camera.position);
  const unit = ((2 * depth * Math.tan((camera.fov * Math.PI) / 360)) / height) * pixels;
  return new Matrix4()
    .extractRotation(world)
    .scale(new Vector3(unit, unit, unit))
    .setPosition(position);
}

export function figure(
  geometry: BufferGeometry,
  color: number | string = PLAIN,
): LineSegments<BufferGeometry, LineBasicMaterial> {
  const lines = new LineSegments(
    geometry,
    new LineBasicMaterial({ color, toneMapped: false, transparent: true, opacity: 0.9 }),
  );
  lines.frustumCulled = false;
  lines.matrixAutoUpdate = false;
  lines.matrixWorldAutoUpdate = false;
  lines.renderOrder = 15;
  return lines;
}

function lineGeometry(points: readonly (readonly [number, number, number])[]): BufferGeometry {
  return new BufferGeometry().setAttribute("position", new Float32BufferAttribute(points.flat(), 3));
}

type Point = readonly [number, number, number];

/** A pyramid one unit deep towards −Z, with a triangle that says where up is. */
export function frustumFigure(
  source: Pick<CameraSource, "type" | "yfov" | "aspectRatio" | "xmag" | "ymag">,
): BufferGeometry {
  const y = source.type === "perspective" ? Math.min(Math.tan(source.yfov / 2), 1.2) : 0.45;
  const x =
    source.type === "perspective"
      ? y * (source.aspectRatio ?? 16 / 9)
      : 0.45 * Math.abs(source.xmag / (source.ymag || 1));
  const far: Point[] = [
    [-x, -y, -1],
    [x, -y, -1],
    [x, y, -1],
    [-x, y, -1],
  ];
  const near: Point[] = source.type === "perspective" ? far.map(() => [0, 0, 0]) : far.map(([a, b]) => [a, b, 0]);
  const edges = far.flatMap((corner, i): Point[] => [near[i] as Point, corner, corner, far[(i + 1) % 4] as Point]);
  const flag: Point[] = [
    [-x * 0.5, y * 1.12, -1],
    [x * 0.5, y * 1.12, -1],
    [x * 0.5, y * 1.12, -1],
    [0, y * 1.6, -1],
    [0, y * 1.6, -1],
    [-x * 0.5, y * 1.12, -1],
  ];
  return lineGeometry([...edges, ...flag]);
}

function lightFigure(source: LightSource): BufferGeometry {
  const points: Point[] = [];
  for (let i = 0; i < 16; i++) points.push(onCircle(i, 16, 0.38), onCircle(i + 1, 16, 0.38));
  if (source.type === "point") {
    for (let i = 0; i < 8; i++) points.push(onCircle(i, 8, 0.58), onCircle(i, 8, 0.95));
    for (const z of [-1, 1]) points.push([0, 0, 0.5 * z], [0, 0, 0.9 * z]);
  } else if (source.type === "spot") {
    for (let i = 0; i < 4; i++) points.push([0, 0, 0], onCircle(i, 4, 0.9, -2));
    for (let i = 0; i < 24; i++) points.push(onCircle(i, 24, 0.9, -2), onCircle(i + 1, 24, 0.9, -2));
  } else {
    for (let i = 0; i < 4; i++) points.push(onCircle(i, 4, 0.38, -0.3), onCircle(i, 4, 0.38, -1.8));
    points.push([0, 0, 0], [0, 0, -2.4]);
  }
  return lineGeometry(points);
}

function onCircle(step: number, steps: number, radius: number, z = 0): Point {
  const angle = (step / steps) * 2 * Math.PI;
  return [Math.cos(angle) * radius, Math.sin(angle) * radius, z];
}
