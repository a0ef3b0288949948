/** The public vocabulary of the 3D view: what the editor and AR say to it and hear from it. Metres, +Y up. */

export type Vec3 = readonly [number, number, number];
/** A unit quaternion x, y, z, w. */
export type Quat = readonly [number, number, number, number];

export type Tool = "select" | "translate" | "rotate" | "scale";
export type Space = "world" | "local";
export type Side = "front" | "back" | "left" | "right" | "top" | "bottom" | "perspective";
/** `shaded`: materials and light; `solid`: one clay for all, fast; `wireframe`: edges of the triangles; `normals`: directions as colours. */
export type Shading = "shaded" | "solid" | "wireframe" | "normals";

/** Steps of the gizmo: metres, radians, factor. 0 leaves that kind free. */
export interface Snap {
  readonly translate: number;
  readonly rotate: number;
  readonly scale: number;
}

export interface CameraPose {
  readonly position: Vec3;
  readonly target: Vec3;
}

/** Another participant as the view shows them. `pointer`: world point under their cursor. */
export interface Person {
  id: string;
  name: string;
  color: string;
  kind: string;
  selection: readonly string[];
  camera?: CameraPose;
  pointer?: Vec3;
}

/** New local-frame values of one node; an absent key did not change. */
export interface TransformChange {
  translation?: Vec3;
  rotation?: Quat;
  scale?: Vec3;
}

export interface ViewCallbacks {
  onPick(id: string | null, modifiers: { shift: boolean; ctrl: boolean }): void;
  onTransformStart(ids: readonly string[]): void;
  /** Live during a drag; the editor writes the values and the store brings them back. */
  onTransform(changes: ReadonlyMap<string, TransformChange>): void;
  /** `cancelled`: Escape; the values of before the drag were sent through `onTransform` first. */
  onTransformEnd(cancelled: boolean): void;
  onCameraChange?(camera: CameraPose): void;
  onPointer?(point: Vec3 | null): void;
  /** `x`, `y`: CSS pixels of the client area. */
  onContextMenu?(id: string | null, x: number, y: number): void;
  onStats?(stats: ViewStats): void;
  /** A geometry or a texture that could not be fetched or decoded; the placeholder stays. */
  onProblem?(problem: { what: "geometry" | "texture"; hash: string; message: string }): void;
}

/** How one node is drawn at the moment. `level` −1: only its bounding box so far. */
export interface NodeStats {
  readonly level: number;
  readonly wanted: number;
  readonly triangles: number;
  readonly loading: boolean;
  readonly visible: boolean;
}

export interface ViewStats {
  /** Triangles of scene meshes in the last frame (grid, outlines and gizmo are not counted). */
  readonly triangles: number;
  readonly drawCalls: number;
  readonly frames: number;
  /** Milliseconds the last frame took on this thread. */
  readonly frameTime: number;
  /** Geometries that are being fetched, decoded or wait for their upload. */
  readonly loading: number;
  /** Compressed bytes of geometry fetched since the view was made. */
  readonly fetchedBytes: number;
  /** Bytes of geometry held on the GPU. */
  readonly gpuBytes: number;
  /** Made when it is read, as things are at that moment. */
  readonly nodes: ReadonlyMap<string, NodeStats>;
}
