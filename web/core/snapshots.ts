/** Immutable pictures of records, as the store hands them out. The same object until the record changes. */

import type { Level } from "./lod";
import type { Camera, Light, LodResult, LodSettings, Material, Mesh, Node, Revision, Texture } from "./schema";

export interface NodeSnapshot extends Omit<Node, "parents"> {
  readonly id: string;
  /** Effective parent: a node or `root`. */
  readonly parent: string;
  readonly order: string;
  readonly children: readonly string[];
  /** Not to be drawn: invisible by itself or through an ancestor, or in the trash. */
  readonly hidden: boolean;
}

export interface MeshSnapshot extends Mesh {
  readonly id: string;
  /** The revision that `head` names; undefined where there is none. */
  readonly revision: Revision | undefined;
}

export interface MaterialSnapshot extends Material {
  readonly id: string;
}

export interface TextureSnapshot extends Texture {
  readonly id: string;
}

export interface LightSnapshot extends Light {
  readonly id: string;
}

export interface CameraSnapshot extends Camera {
  readonly id: string;
}

/** Levels of detail of a mesh: what is asked for, and what was made of its current revision. */
export interface LodSnapshot {
  readonly mesh: string;
  readonly revision: string | null;
  readonly settings: LodSettings;
  readonly levels: ReadonlyMap<number, Level>;
  readonly results: ReadonlyMap<number, LodResult>;
}
