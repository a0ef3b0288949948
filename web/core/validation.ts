/** What in a document does not fit the schema (SPEC V1). Readers pass over all of it; nothing is changed here. */

import * as Y from "yjs";
import { fieldCheck, fits, fitsEntry, isObject } from "./checks";
import { type CrdtDocument, SceneDocument } from "./document";
import { isId } from "./ids";
import { containersOf, isValueRoot, type RecordRoot, readValue } from "./records";
import { CONTAINERS, FIELDS, type Material, ROOT } from "./schema";
import type { Path } from "./steps";
import { compare, edgesOf, preferred } from "./tree-edges";

export type IssueCode =
  | "unknown_root"
  | "not_a_record"
  | "bad_value"
  | "dangling"
  /** Information: concurrent moves were put right. */
  | "cycle_broken"
  | "orphan";

export interface Issue {
  readonly path: Path;
  readonly code: IssueCode;
  readonly message: string;
}

type Reference = readonly [path: Path, root: string, target: string | null | undefined];

const TEXTURE_KEYS = Object.keys(FIELDS.materials ?? {}).filter((key) => key.endsWith("Texture")) as (keyof Material)[];

/** All issues, ordered by path and code. */
export function validate(document: CrdtDocument): Issue[] {
  const work = validating(document);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** `validate` in small steps, of about a record each, for who must not hold up a page; begin again when the document changes. */
export function* validating(document: CrdtDocument): Generator<void, Issue[]> {
  const found: Issue[] = [];
  for (const issues of parts(document)) {
    found.push(...issues);
    yield;
  }
  return found.sort((a, b) => comparePaths(a.path, b.path) || compare(a.code, b.code));
}

function* parts(document: CrdtDocument): Generator<Issue[]> {
  yield unknownRoots(document);
  yield metaIssues(document);
  for (const root of document.roots) {
    if (root in CONTAINERS) yield* recordIssues(document, root);
    else if (isValueRoot(root)) yield* valueIssues(document, root);
  }
  if (document instanceof SceneDocument) {
    yield* dangling(document);
    yield* treeIssues(document);
  }
}

function unknownRoots(document: CrdtDocument): Issue[] {
  const roots = [...document.doc.share.keys()].filter((root) => !document.roots.includes(root));
  return roots.map((root) => issue([root], "unknown_root", "no document of this kind has this root"));
}

function metaIssues(document: CrdtDocument): Issue[] {
  return [...document.map("meta")].flatMap(([key, value]) => {
    const check = fieldCheck("meta", key);
    return check === undefined || fits(check, value) ? [] : issue(["meta", key], "bad_value", "does not fit");
  });
}

function* recordIssues(document: CrdtDocument, root: string): Generator<Issue[]> {
  for (const [id, record] of document.map(root)) {
    if (!isId(id)) yield [issue([root, id], "bad_value", "is no id")];
    if (record instanceof Y.Map) yield fieldIssues(root, id, record);
    else yield [issue([root, id], "not_a_record", "is a plain value")];
  }
}

function fieldIssues(root: string, id: string, record: Y.Map<unknown>): Issue[] {
  const found: Issue[] = [];
  for (const [key, value] of record) {
    const check = fieldCheck(root, key);
    if (containersOf(root).includes(key)) found.push(...containerIssues(root, id, key, value));
    else if (check !== undefined && !fits(check, value))
      found.push(issue([root, id, key], "bad_value", "does not fit and reads as its default"));
  }
  return found;
}

function containerIssues(root: string, id: string, name: string, value: unknown): Issue[] {
  if (!(value instanceof Y.Map)) return [issue([root, id, name], "bad_value", "is no map and reads as empty")];
  const wrong = [...value].filter(([key, item]) => !fitsEntry(root, name, key, item, "read"));
  return wrong.map(([key]) => issue([root, id, name, key], "bad_value", "does not fit and reads as absent"));
}

function* valueIssues(document: CrdtDocument, root: "revisions" | "lod" | "chat"): Generator<Issue[]> {
  for (const [key, value] of document.map(root)) {
    const fine = readValue(root, value) !== undefined;
    yield fine ? [] : [issue([root, key], "bad_value", "does not fit and reads as absent")];
  }
}

/** Well-typed references to records that are absent. */
function* dangling(scene: SceneDocument): Generator<Issue[]> {
  for (const [path, root, target] of references(scene)) {
    const absent = target && !scene.map(root).has(target);
    yield absent ? [issue(path, "dangling", `names ${root}/${target}, which is absent`)] : [];
  }
}

function* references(scene: SceneDocument): Generator<Reference> {
  for (const [id, node] of readAll(scene, "nodes")) {
    yield [["nodes", id, "mesh"], "meshes", node.mesh];
    yield [["nodes", id, "camera"], "cameras", node.camera];
    yield [["nodes", id, "light"], "lights", node.light];
    yield* slotReferences(["nodes", id, "materials"], node.materials);
  }
  for (const [id, mesh] of readAll(scene, "meshes")) {
    yield [["meshes", id, "head"], "revisions", mesh.head];
    yield* slotReferences(["meshes", id, "slots"], mesh.slots);
  }
  for (const [id, material] of readAll(scene, "materials")) {
    for (const key of TEXTURE_KEYS) yield [["materials", id, key], "textures", textureOf(material[key])];
  }
  for (const id of scene.ids("revisions")) {
    const revision = scene.read("revisions", id);
    yield [["revisions", id, "mesh"], "meshes", revision?.mesh];
    yield [["revisions", id, "parent"], "revisions", revision?.parent];
  }
  for (const key of scene.ids("lod")) yield [["lod", key], "revisions", key.split("/")[0]];
}

function* slotReferences(path: Path, slots: Readonly<Record<string, string | null>>): Generator<Reference> {
  for (const [slot, material] of Object.entries(slots)) yield [[...path, slot], "materials", material];
}

function textureOf(info: unknown): string | null {
  return isObject(info) && typeof info.texture === "string" ? info.texture : null;
}

function* readAll<R extends RecordRoot>(scene: SceneDocument, root: R) {
  for (const id of scene.ids(root)) {
    const record = scene.read(root, id);
    if (record !== undefined) yield [id, record] as const;
  }
}

function* treeIssues(scene: SceneDocument): Generator<Issue[]> {
  const tree = scene.tree();
  for (const [id, parent] of tree.parent) {
    const parents = scene.record("nodes", id)?.get("parents");
    const wanted = preferred(edgesOf(id, parents instanceof Y.Map ? parents.entries() : []))?.parent;
    if (wanted === parent) {
      yield [];
      continue;
    }
    const known = wanted !== undefined && (wanted === ROOT || tree.parent.has(wanted));
    yield [issue(["nodes", id], known ? "cycle_broken" : "orphan", `the node shows below ${parent}`)];
  }
}

function issue(path: Path, code: IssueCode, message: string): Issue {
  return { path, code, message: `${path.join("/")} ${message}` };
}

function comparePaths(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const side = compare(a[i] as string, b[i] as string);
    if (side !== 0) return side;
  }
  return a.length - b.length;
}
