/** The 3D view of a scene, in plain three.js: what the editor and AR use. */
import type { BlobSource, GeometryDecoder, SceneSource } from "./sources";
import type { Person, Shading, Side, Snap, Space, Tool, ViewCallbacks, ViewStats } from "./types";

export type * from "./types";

export interface ViewOptions {
  readonly canvas: HTMLCanvasElement;
  /** Covers the canvas, ignores pointers: names of people are put here. */
  readonly overlay: HTMLElement;
  readonly store: SceneSource;
  readonly blobs: BlobSource;
  readonly callbacks: ViewCallbacks;
  /** Where geometry is decoded; the pool of workers when absent. */
  readonly decode?: GeometryDecoder;
}

export class SceneView {
  constructor(readonly options: ViewOptions) {}
  setTool(_tool: Tool): void {}
  setSpace(_space: Space): void {}
  setSnap(_snap: Snap | null): void {}
  setSelection(_ids: readonly string[]): void {}
  setPeople(_people: readonly Person[]): void {}
  setGrid(_visible: boolean): void {}
  setLevel(_mode: "auto" | number): void {}
  setTriangleBudget(_triangles: number): void {}
  setShading(_shading: Shading): void {}
  /** Shows the given nodes (everything when absent or empty). */
  frame(_ids?: readonly string[]): void {}
  viewFrom(_side: Side): void {}
  /** Turns around the target by radians. */
  orbit(_dx: number, _dy: number): void {}
  /** True while a drag was cancelled by this call (the editor's Escape). */
  cancel(): boolean {
    return false;
  }
  stats(): ViewStats {
    return {
      triangles: 0,
      drawCalls: 0,
      frames: 0,
      frameTime: 0,
      loading: 0,
      fetchedBytes: 0,
      gpuBytes: 0,
      nodes: new Map(),
    };
  }
  /** A PNG of the scene without gizmo, grid and outlines. */
  screenshot(_width: number, _height: number): Promise<Blob> {
    return Promise.reject(new Error("no_frame: nothing was drawn yet"));
  }
  dispose(): void {}
}
