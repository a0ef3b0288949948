/** Revisions: immutable states of a mesh, and which one is current (SPEC D4). */

import { checkValue, type SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { newId } from "./ids";
import { checkNew } from "./nodes";
import type { Revision } from "./schema";

/** Writes a revision once; returns its id. */
export function addRevision(scene: SceneDocument, revision: Revision, id = newId()): string {
  checkNew(scene, "revisions", id);
  checkValue("revisions", id, revision);
  scene.transact(() => scene.map("revisions").set(id, revision));
  return id;
}

export function setHead(scene: SceneDocument, mesh: string, revision: string | null): void {
  if (revision !== null && scene.read("revisions", revision)?.mesh !== mesh)
    throw new InvalidEdit("unknown_record", `${revision} is no revision of mesh ${mesh}`);
  scene.set("meshes", mesh, "head", revision);
}

/** The current revision of a mesh, or undefined where it has none or names an absent one (V2). */
export function head(scene: SceneDocument, mesh: string): Revision | undefined {
  const id = scene.read("meshes", mesh)?.head;
  return id ? scene.read("revisions", id) : undefined;
}
