/**
 * The scene as immutable snapshots: one observer of the document, snapshots made when asked for and kept until their record
 * changes, listeners by key. An edit of a value costs its own key; the tree is computed at most once per transaction.
 */

import { type Touched, WHOLE } from "./changes";
import type { SceneDocument } from "./document";
import { KeyedStore } from "./keyed-store";
import { levelsOf, results, settingsOf } from "./lod";
import type { Records } from "./records";
import type {
  CameraSnapshot,
  LightSnapshot,
  LodSnapshot,
  MaterialSnapshot,
  MeshSnapshot,
  NodeSnapshot,
  TextureSnapshot,
} from "./snapshots";
import { ROOT, subtree, type Tree } from "./tree";
import { compare } from "./tree-edges";
import { isTrashed, sameList } from "./tree-index";

export type * from "./snapshots";

type Listed = "meshes" | "materials" | "textures" | "lights" | "cameras";
const LISTED: readonly Listed[] = ["meshes", "materials", "textures", "lights", "cameras"];
const NONE: readonly string[] = Object.freeze([]);

/**
 * Keys: `nodes/{id}`, `meshes/{id}`, `materials/{id}`, `textures/{id}`, `lights/{id}`, `cameras/{id}`, `lod/{mesh id}`,
 * `roots`, `trash`, `nodes` (which nodes there are), and `meshes`, `materials`, … (which of them there are).
 */
export class SceneStore extends KeyedStore {
  readonly document: SceneDocument;
  readonly #shown = new Map<string, readonly string[]>();
  readonly #stop: () => void;
  #tree: Tree;

  constructor(document: SceneDocument) {
    super();
    this.document = document;
    this.#tree = document.tree();
    this.#stop = document.onChange((touched) => this.#update(touched));
  }

  node(id: string): NodeSnapshot | undefined {
    return this.cached(`nodes/${id}`, () => this.#makeNode(id));
  }

  mesh(id: string): MeshSnapshot | undefined {
    return this.cached(`meshes/${id}`, () => {
      const mesh = this.document.read("meshes", id);
      return mesh && Object.freeze({ ...mesh, id, revision: this.#revision(mesh.head ?? null) });
    });
  }

  material(id: string): MaterialSnapshot | undefined {
    return this.#record("materials", id);
  }

  texture(id: string): TextureSnapshot | undefined {
    return this.#record("textures", id);
  }

  light(id: string): LightSnapshot | undefined {
    return this.#record("lights", id);
  }

  camera(id: string): CameraSnapshot | undefined {
    return this.#record("cameras", id);
  }

  lod(mesh: string): LodSnapshot | undefined {
    return this.cached(`lod/${mesh}`, () => this.#makeLod(mesh));
  }

  /** Nodes at the top of the scene, in order, without trashed ones. */
  roots(): readonly string[] {
    return this.cached("roots", () => this.#shownChildren(ROOT));
  }

  /** Nodes that were trashed themselves, the latest first. */
  trash(): readonly string[] {
    return this.cached("trash", () => {
      const found: [number, string][] = [];
      for (const id of this.#tree.hidden) {
        const trashed = this.node(id)?.trashed;
        if (trashed) found.push([trashed.at, id]);
      }
      return found.sort((a, b) => b[0] - a[0] || compare(a[1], b[1])).map(([, id]) => id);
    });
  }

  /** All nodes, trashed ones too. */
  nodeIds(): readonly string[] {
    return this.cached("nodes", () => [...this.#tree.parent.keys()]);
  }

  /** Meshes, materials, textures, lights or cameras that are not trashed, by id. */
  ids(root: Listed): readonly string[] {
    return this.cached(root, () =>
      this.document
        .ids(root)
        .filter((id) => {
          const record = this.document.record(root, id);
          return record !== undefined && !isTrashed(record.get("trashed"));
        })
        .sort(compare),
    );
  }

  destroy(): void {
    this.#stop();
  }

  #record<R extends Listed>(root: R, id: string): Readonly<Records[R] & { id: string }> | undefined {
    return this.cached(`${root}/${id}`, () => {
      const record = this.document.read(root, id);
      return record && Object.freeze({ ...record, id });
    });
  }

  #revision(id: string | null) {
    return id === null ? undefined : this.document.read("revisions", id);
  }

  #makeNode(id: string): NodeSnapshot | undefined {
    const node = this.document.read("nodes", id);
    const parent = this.#tree.parent.get(id);
    if (node === undefined || parent === undefined) return undefined;
    const { parents: _, ...fields } = node;
    const order = this.#tree.order.get(id) ?? "";
    const hidden = this.#isHidden(id, node.visible ?? true, parent);
    return Object.freeze({ ...fields, id, parent, order, children: this.#shownChildren(id), hidden }) as NodeSnapshot;
  }

  #isHidden(id: string, visible: boolean, parent: string): boolean {
    if (!visible || this.#tree.hidden.has(id)) return true;
    for (let at: string | undefined = parent; at !== undefined && at !== ROOT; at = this.#tree.parent.get(at)) {
      if (this.document.record("nodes", at)?.get("visible") === false) return true;
    }
    return false;
  }

  #makeLod(mesh: string): LodSnapshot | undefined {
    const record = this.document.read("meshes", mesh);
    if (record === undefined) return undefined;
    const revision = record.head ?? null;
    const made = revision === null ? new Map() : results(this.document, revision);
    return { mesh, revision, settings: settingsOf(record.lod), levels: levelsOf(record.lod), results: made };
  }

  /** Children without trashed ones; the same list while its members are. */
  #shownChildren(id: string): readonly string[] {
    const all = this.#tree.children.get(id) ?? NONE;
    const { hidden } = this.#tree;
    const list = all.some((child) => hidden.has(child))
      ? all.filter((child) => !isTrashed(this.document.record("nodes", child)?.get("trashed")))
      : all;
    const before = this.#shown.get(id);
    if (before !== undefined && sameList(before, list)) return before;
    this.#shown.set(id, list);
    return list;
  }

  #update(touched: Touched): void {
    const changed = new Set<string>();
    this.#updateNodes(touched, changed);
    for (const root of LISTED) this.#updateRecords(root, touched, changed);
    for (const id of touched.get("revisions")?.keys() ?? []) this.#touchMesh(id, changed);
    for (const key of touched.get("lod")?.keys() ?? []) this.#touchMesh(key.split("/")[0] as string, changed);
    if (touched.has("meta")) changed.add("meta");
    this.changed(changed);
  }

  #updateNodes(touched: Touched, changed: Set<string>): void {
    let structural = false;
    for (const [id, fields] of touched.get("nodes") ?? []) {
      changed.add(`nodes/${id}`);
      if (fields.has(WHOLE) || fields.has("parents") || fields.has("trashed")) structural = true;
      if (fields.has("trashed")) this.#touchParent(id, changed);
      if (fields.has("visible")) for (const below of subtree(this.#tree, id)) changed.add(`nodes/${below}`);
    }
    if (structural) this.#updateTree(changed);
  }

  #updateTree(changed: Set<string>): void {
    const before = this.#tree;
    const after = this.document.tree();
    this.#tree = after;
    for (const id of after.parent.keys()) {
      if (!sameStanding(before, after, id)) changed.add(`nodes/${id}`);
      if (before.parent.get(id) !== after.parent.get(id)) this.#touchInherited(id, changed);
    }
    if (before.children.get(ROOT) !== after.children.get(ROOT)) changed.add("roots");
    if (before.parent.size !== after.parent.size) changed.add("nodes");
    if (before.hidden.size > 0 || after.hidden.size > 0) changed.add("trash");
  }

  /** Below a moved node, what an ancestor hides may have changed. */
  #touchInherited(moved: string, changed: Set<string>): void {
    for (const id of subtree(this.#tree, moved)) {
      const known = this.peek(`nodes/${id}`) as NodeSnapshot | undefined;
      const parent = this.#tree.parent.get(id) as string;
      if (known !== undefined && known.hidden !== this.#isHidden(id, known.visible, parent)) changed.add(`nodes/${id}`);
    }
  }

  #touchParent(id: string, changed: Set<string>): void {
    const parent = this.document.tree().parent.get(id);
    if (parent !== undefined) changed.add(parent === ROOT ? "roots" : `nodes/${parent}`);
    changed.add("trash");
  }

  #updateRecords(root: Listed, touched: Touched, changed: Set<string>): void {
    for (const [id, fields] of touched.get(root) ?? []) {
      changed.add(`${root}/${id}`);
      if (fields.has(WHOLE) || fields.has("trashed")) changed.add(root);
      if (root === "meshes" && (fields.has(WHOLE) || fields.has("lod") || fields.has("head"))) changed.add(`lod/${id}`);
    }
  }

  #touchMesh(revision: string, changed: Set<string>): void {
    const mesh = this.document.read("revisions", revision)?.mesh;
    if (mesh === undefined) return;
    changed.add(`meshes/${mesh}`);
    changed.add(`lod/${mesh}`);
  }
}

function sameStanding(a: Tree, b: Tree, id: string): boolean {
  return (
    a.parent.get(id) === b.parent.get(id) &&
    a.order.get(id) === b.order.get(id) &&
    a.children.get(id) === b.children.get(id) &&
    a.hidden.has(id) === b.hidden.has(id)
  );
}
