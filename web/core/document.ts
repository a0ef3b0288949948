/** The shared documents over Yjs: transactions that yield steps, checked writes, tolerant reads (SPEC D, U1). */

import * as Y from "yjs";
import { dumpRoots, sha256Text } from "./canonical";
import { ChangeCollector, type Touched, WHOLE } from "./changes";
import { fieldCheck, fits, fitsEntry } from "./checks";
import { InvalidEdit, UnknownRecord } from "./errors";
import { containersOf, isValueRoot, type Records, readRecord, readValue, type ValueRoot, type Values } from "./records";
import { SCENE_ROOTS, SCHEMA_VERSION, SESSION_ROOTS } from "./schema";
import { type Change, type Move, ordered, type Place, type Step } from "./steps";
import type { Tree } from "./tree";
import { TreeIndex } from "./tree-index";

/** Transactions of these origins are not our own edits and yield empty steps. */
const SILENT_ORIGINS: readonly unknown[] = ["remote", "system", "storage"];

export type ChangeListener = (touched: Touched, origin: unknown) => void;

export type StepListener = (step: Step) => void;

export class CrdtDocument {
  readonly doc: Y.Doc;
  readonly roots: readonly string[];
  readonly #maps = new Map<string, Y.Map<unknown>>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #stepListeners = new Set<StepListener>();
  #collector = new ChangeCollector();
  #step: Step | null = null;

  constructor(roots: readonly string[], doc: Y.Doc = new Y.Doc()) {
    this.doc = doc;
    this.roots = roots;
    for (const root of roots) {
      const map = doc.getMap(root);
      this.#maps.set(root, map);
      map.observeDeep((events, transaction) => {
        this.#collector.collect(root, events, transaction.meta.has(this));
      });
    }
    doc.on("afterTransaction", (transaction: Y.Transaction) => this.#finish(transaction));
  }

  /**
   * One undivided edit. Check everything first: what was written before an exception stays (D7). Returns what changed;
   * inside another `transact` the outer one's step, which is filled when that ends.
   */
  transact(edit: () => void, origin: unknown = "local"): Step {
    if (this.readOnly)
      throw new InvalidEdit(
        "schema_too_new",
        `the document has schema ${this.schema}`,
        `this client writes schema ${SCHEMA_VERSION}: reload it`,
      );
    if (this.#step !== null) {
      edit();
      return this.#step;
    }
    if (SILENT_ORIGINS.includes(origin)) {
      this.doc.transact(edit, origin);
      return [];
    }
    return this.#record(edit, origin);
  }

  get schema(): number {
    const schema = this.map("meta").get("schema");
    return typeof schema === "number" ? schema : SCHEMA_VERSION;
  }

  get generation(): number {
    const generation = this.map("meta").get("generation");
    return typeof generation === "number" ? generation : 0;
  }

  /** D10. */
  get readOnly(): boolean {
    return this.schema > SCHEMA_VERSION;
  }

  map(root: string): Y.Map<unknown> {
    const map = this.#maps.get(root);
    if (map === undefined)
      throw new InvalidEdit("unknown_root", `${root} is no root map of this document`, this.roots.join(", "));
    return map;
  }

  record(root: string, id: string): Y.Map<unknown> | undefined {
    const record = this.map(root).get(id);
    return record instanceof Y.Map ? record : undefined;
  }

  /** The record, or `UnknownRecord`. */
  demand(root: string, id: string): Y.Map<unknown> {
    const record = this.record(root, id);
    if (record === undefined) throw new UnknownRecord("unknown_record", `${root}/${id} is not in the document`);
    return record;
  }

  /** A record or atomic value with defaults for what is missing or ill-typed; undefined where there is none. */
  read<R extends keyof Records>(root: R, id: string): Records[R] | undefined;
  read<R extends keyof Values>(root: R, id: string): Values[R] | undefined;
  read(root: string, id: string): unknown {
    if (isValueRoot(root)) return readValue(root, this.map(root).get(id));
    const record = this.record(root, id);
    return record && readRecord(root as keyof Records, record);
  }

  ids(root: string): string[] {
    return [...this.map(root).keys()];
  }

  /** Writes one field of a record, checked. Writing what is there already changes nothing. */
  set(root: string, id: string, key: string, value: unknown): Step {
    const record = this.demand(root, id);
    checkField(root, key, value);
    return this.transact(() => record.set(key, value));
  }

  /** Everything since a state vector (or at all) as one update. */
  update(since?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, since);
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  apply(update: Uint8Array, origin: unknown = "remote"): void {
    Y.applyUpdate(this.doc, update, origin);
  }

  /** The deleted ranges `[clock, length]` of each client, in order: with the state, what makes replicas equal (D9). */
  deleteSet(): Record<string, [number, number][]> {
    const { clients } = Y.createDeleteSetFromStructStore(this.doc.store);
    const sorted = [...clients].sort(([a], [b]) => a - b);
    return Object.fromEntries(sorted.map(([client, items]) => [client, items.map((item) => [item.clock, item.len])]));
  }

  canonical(): string {
    return dumpRoots(this.doc, this.roots);
  }

  hash(): string {
    return sha256Text(this.canonical());
  }

  /** Calls back once after every transaction that changed a root map. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  destroy(): void {
    this.#listeners.clear();
    this.#stepListeners.clear();
    this.doc.destroy();
  }

  /** Calls back with the step of every recorded transaction, before Yjs tells of its update. */
  onStep(listener: StepListener): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  /** A node's place or trash mark was written inside the open transaction. */
  touchTree(_root: string, _id: string): void {}

  /** Called after each transaction, before listeners. */
  protected settle(_touched: Touched): void {}

  /** The moves of a transaction; only scenes have a tree. */
  protected moves(_nodes: ReadonlySet<string>, _before: Tree | null): Move[] {
    return [];
  }

  protected treeBefore(): Tree | null {
    return null;
  }

  /** The step is paired with its Yjs transaction: one made by a listener ends after the one that it answers. */
  #record(edit: () => void, origin: unknown): Step {
    const before = this.treeBefore();
    const step: Change[] = [];
    const finish = (collector: ChangeCollector) => {
      step.push(...ordered([...collector.changes, ...this.moves(collector.reparented, before)]));
      for (const listener of [...this.#stepListeners]) listener(step);
    };
    this.doc.transact((transaction) => {
      transaction.meta.set(this, finish);
      this.#step = step;
      try {
        edit();
      } finally {
        this.#step = null;
      }
    }, origin);
    return step;
  }

  #finish(transaction: Y.Transaction): void {
    const collector = this.#collector;
    if (collector.touched.size === 0) return;
    this.#collector = new ChangeCollector();
    this.settle(collector.touched);
    transaction.meta.get(this)?.(collector);
    for (const listener of [...this.#listeners]) listener(collector.touched, transaction.origin);
  }
}

/** Refuses a key that the schema lacks, a container and an ill-typed value. */
export function checkField(root: string, key: string, value: unknown): void {
  if (containersOf(root).includes(key))
    throw new InvalidEdit("is_container", `${root} ${key} is a map of its own`, "set its entries");
  const check = fieldCheck(root, key);
  if (check === undefined) throw new InvalidEdit("unknown_key", `${root} have no ${key}`);
  if (!fits(check, value))
    throw new InvalidEdit("bad_value", `${root} ${key}: ${describe(value)}`, `expected ${JSON.stringify(check)}`);
}

/** Refuses an entry that a container may not hold. */
export function checkEntry(root: string, container: string, key: string, value: unknown): void {
  if (!containersOf(root).includes(container))
    throw new InvalidEdit("unknown_key", `${root} have no container ${container}`);
  if (!fitsEntry(root, container, key, value, "write"))
    throw new InvalidEdit("bad_value", `${root} ${container} ${key}: ${describe(value)} does not fit`);
}

/** Refuses an ill-typed atomic value. */
export function checkValue(root: ValueRoot, key: string, value: unknown): void {
  if (readValue(root, value) === undefined)
    throw new InvalidEdit("bad_value", `${root}/${key}: ${describe(value)} does not fit`);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

export class SceneDocument extends CrdtDocument {
  readonly #index: TreeIndex;

  constructor(doc?: Y.Doc) {
    super(SCENE_ROOTS, doc);
    this.#index = new TreeIndex(this.map("nodes"));
  }

  /** The effective tree, inside a transaction with everything written so far. */
  tree(): Tree {
    return this.#index.tree();
  }

  /** For writers of `parents`: see TreeIndex. */
  get treeIndex(): TreeIndex {
    return this.#index;
  }

  fork(): SceneDocument {
    const fork = new SceneDocument();
    fork.apply(this.update());
    return fork;
  }

  override touchTree(root: string, id: string): void {
    if (root === "nodes") this.#index.touch(id);
  }

  protected override settle(touched: Touched): void {
    for (const [id, fields] of touched.get("nodes") ?? []) {
      if (fields.has(WHOLE) || fields.has("parents") || fields.has("trashed")) this.#index.touch(id);
    }
    this.#index.settle();
  }

  protected override treeBefore(): Tree {
    return this.tree();
  }

  protected override moves(nodes: ReadonlySet<string>, before: Tree | null): Move[] {
    const after = this.tree();
    const moves: Move[] = [];
    for (const id of nodes) {
      const from = before && placeOf(before, id);
      const to = placeOf(after, id);
      if (!from || !to) continue;
      moves.push({ move: id, before: from, after: to });
    }
    return moves;
  }
}

export function placeOf(tree: Tree, node: string): Place | undefined {
  const parent = tree.parent.get(node);
  const order = tree.order.get(node);
  return parent === undefined || order === undefined ? undefined : { parent, order };
}

export class SessionDocument extends CrdtDocument {
  constructor(doc?: Y.Doc) {
    super(SESSION_ROOTS, doc);
  }

  fork(): SessionDocument {
    const fork = new SessionDocument();
    fork.apply(this.update());
    return fork;
  }
}
