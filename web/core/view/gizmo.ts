/** The gizmo: stands at the selection, lights up under the pointer, and turns a drag into new values for each node. */
import { Matrix4, type PerspectiveCamera, Quaternion, type Ray, type Scene, Vector3 } from "three";
import {
  applyDelta,
  type Delta,
  type DragNode,
  describeDelta,
  dragDelta,
  type Frame,
  type Handle,
  orientationOf,
} from "./drag";
import { type HitContext, hitHandle } from "./gizmo-hit";
import { GizmoShapes } from "./gizmo-shapes";
import type { Snap, Space, Tool, TransformChange } from "./types";

/** Pixels of one gizmo unit. */
const UNIT = 92;
const SLOP = { mouse: 9, touch: 22 } as const;
/** What the Control key gives while snapping is off. */
export const DEFAULT_SNAP: Snap = { translate: 0.1, rotate: Math.PI / 12, scale: 0.1 };

export interface GizmoHost {
  /** Selected nodes without selected ancestors that may be moved; the last is the active one. */
  targets(): readonly DragNode[];
  started(ids: readonly string[]): void;
  changed(changes: ReadonlyMap<string, TransformChange>): void;
  ended(cancelled: boolean): void;
  /** Words beside the pointer during a drag; null when there is none. */
  label(text: string | null): void;
}

interface Drag {
  readonly handle: Handle;
  readonly frame: Frame;
  readonly start: Ray;
  readonly nodes: readonly DragNode[];
  readonly sent: Map<string, TransformChange>;
  delta: Delta | null;
}

export class Gizmo {
  tool: Tool = "select";
  space: Space = "world";
  snap: Snap | null = null;
  hot: Handle | null = null;

  private frame: Frame | null = null;
  private drag: Drag | null = null;
  private shapes: { readonly tool: Tool; readonly parts: GizmoShapes } | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly host: GizmoHost,
  ) {}

  get dragging(): boolean {
    return this.drag !== null;
  }

  /** Puts the gizmo where the selection is now and gives it its size on the screen. */
  update(camera: PerspectiveCamera, height: number): void {
    this.frame =
      this.tool === "select" ? null : this.drag ? draggedFrame(this.drag) : this.frameOf(this.host.targets());
    this.chooseShapes();
    if (!this.frame || !this.shapes) return;
    const { group } = this.shapes.parts;
    group.position.copy(this.frame.pivot);
    group.quaternion.copy(this.frame.orientation);
    group.scale.setScalar(unitSize(camera, this.frame.pivot, height));
    const facing = this.frame.orientation.clone().invert().multiply(camera.quaternion);
    this.shapes.parts.update(this.drag?.handle ?? this.hot, this.drag !== null, facing);
  }

  /** True when the handle under the pointer changed. */
  hover(at: { x: number; y: number } | null, ray: Ray | null, view: Viewport): boolean {
    const before = this.hot;
    this.hot = at && ray && this.frame ? hitHandle(this.tool, this.context(view, SLOP.mouse), at, ray) : null;
    return JSON.stringify(before) !== JSON.stringify(this.hot);
  }

  /** Starts a drag when a handle lies under the pointer. */
  grab(at: { x: number; y: number }, ray: Ray, view: Viewport, touch: boolean): boolean {
    const handle = this.frame && hitHandle(this.tool, this.context(view, touch ? SLOP.touch : SLOP.mouse), at, ray);
    const nodes = this.host.targets();
    if (!handle || !this.frame || nodes.length === 0) return false;
    this.drag = { handle, frame: cloneFrame(this.frame), start: ray.clone(), nodes, sent: new Map(), delta: null };
    this.host.started(nodes.map((node) => node.id));
    return true;
  }

  /** `invert`: the Control key, which turns snapping on or off for the moment. */
  move(ray: Ray, camera: PerspectiveCamera, invert: boolean): void {
    const { drag } = this;
    if (!drag) return;
    const snap = invert ? (this.snap ? null : DEFAULT_SNAP) : this.snap;
    const delta = dragDelta(drag.handle, drag.frame, drag.start, ray, sightOf(camera), snap);
    if (!delta) return;
    drag.delta = delta;
    for (const node of drag.nodes) drag.sent.set(node.id, applyDelta(node, drag.frame, delta));
    this.host.changed(new Map(drag.sent));
    this.host.label(describeDelta(delta));
  }

  /** Ends the drag; a cancelled one puts the values of before back first. False when there was none. */
  end(cancelled: boolean): boolean {
    const { drag } = this;
    if (!drag) return false;
    this.drag = null;
    if (cancelled && drag.sent.size > 0)
      this.host.changed(new Map(drag.nodes.map((node) => [node.id, before(node, drag)])));
    this.host.label(null);
    this.host.ended(cancelled);
    return true;
  }

  dispose(): void {
    if (this.shapes) this.removeShapes(this.shapes.parts);
  }

  private context(view: Viewport, slop: number): HitContext {
    const frame = this.frame as Frame;
    return { ...view, frame, slop, size: unitSize(view.camera, frame.pivot, view.height) };
  }

  private frameOf(targets: readonly DragNode[]): Frame | null {
    const active = targets.at(-1);
    if (!active) return null;
    const pivot = new Vector3();
    for (const node of targets) pivot.add(positionOf(node));
    pivot.divideScalar(targets.length);
    const local = this.space === "local" || (this.tool === "scale" && targets.length === 1);
    return { pivot, orientation: local ? worldOrientation(active) : new Quaternion() };
  }

  private chooseShapes(): void {
    const wanted = this.frame ? this.tool : "select";
    if (this.shapes?.tool === wanted) return;
    if (this.shapes) this.removeShapes(this.shapes.parts);
    this.shapes = null;
    if (wanted === "select") return;
    this.shapes = { tool: wanted, parts: new GizmoShapes(wanted) };
    this.scene.add(this.shapes.parts.group);
  }

  private removeShapes(parts: GizmoShapes): void {
    this.scene.remove(parts.group);
    parts.dispose();
  }
}

export interface Viewport {
  readonly camera: PerspectiveCamera;
  readonly width: number;
  readonly height: number;
}

/** Metres of one gizmo unit, so that it has the same size on the screen at any distance. */
function unitSize(camera: PerspectiveCamera, pivot: Vector3, height: number): number {
  const depth = Math.max(pivot.clone().sub(camera.position).dot(sightOf(camera)), 1e-6);
  return ((2 * depth * Math.tan((camera.fov * Math.PI) / 360)) / height) * UNIT;
}

function sightOf(camera: PerspectiveCamera): Vector3 {
  return new Vector3(0, 0, -1).applyQuaternion(camera.quaternion);
}

function positionOf(node: DragNode): Vector3 {
  return new Vector3(...node.source.translation).applyMatrix4(node.parentWorld);
}

function worldOrientation(node: DragNode): Quaternion {
  const own = new Matrix4().makeRotationFromQuaternion(new Quaternion(...node.source.rotation));
  return orientationOf(node.parentWorld.clone().multiply(own));
}

function cloneFrame(frame: Frame): Frame {
  return { pivot: frame.pivot.clone(), orientation: frame.orientation.clone() };
}

function draggedFrame(drag: Drag): Frame {
  const frame = cloneFrame(drag.frame);
  if (drag.delta?.kind === "translate") frame.pivot.add(drag.delta.vector);
  if (drag.delta?.kind === "rotate" && drag.frame.orientation.w !== 1)
    frame.orientation.premultiply(drag.delta.rotation);
  return frame;
}

/** The values a node had, for the keys that the drag wrote. */
function before(node: DragNode, drag: Drag): TransformChange {
  const { translation, rotation, scale } = node.source;
  const sent = drag.sent.get(node.id) ?? {};
  return {
    ...(sent.translation && { translation }),
    ...(sent.rotation && { rotation }),
    ...(sent.scale && { scale }),
  };
}
