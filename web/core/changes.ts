/** What a transaction touched, read once from Yjs' events for the step recorder, the tree and the stores. */

import * as Y from "yjs";
import type { Change } from "./steps";

/** Root → id → names of the changed fields; a record that came or went (or an atomic value) has `WHOLE`. */
export type Touched = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** Stands for the entry itself among changed fields. */
export const WHOLE = "*";

/** Collects one transaction. */
export class ChangeCollector {
  readonly touched = new Map<string, Map<string, Set<string>>>();
  /** Value changes and creations; changes below a node's `parents` are left to the tree. */
  readonly changes: Change[] = [];
  /** Existing nodes whose `parents` changed. */
  readonly reparented = new Set<string>();

  collect(root: string, events: readonly Y.YEvent<Y.AbstractType<unknown>>[], record: boolean): void {
    for (const event of events) {
      if (!(event.target instanceof Y.Map)) continue;
      const path = event.path.map(String);
      for (const [key, change] of event.changes.keys) {
        this.#touch(root, path[0] ?? key, path.length === 0 ? WHOLE : (path[1] ?? key));
        if (record) this.#record([root, ...path, key], change, event.target);
      }
    }
  }

  #touch(root: string, id: string, field: string): void {
    const ids = this.touched.get(root) ?? new Map<string, Set<string>>();
    this.touched.set(root, ids);
    const fields = ids.get(id);
    if (fields === undefined) ids.set(id, new Set([field]));
    else fields.add(field);
  }

  #record(path: string[], change: { action: string; oldValue: unknown }, map: Y.Map<unknown>): void {
    const [root, id, field] = path as [string, string, string | undefined];
    const after = map.get(path[path.length - 1] as string);
    if (path.length === 2 && root !== "meta" && change.action === "add") {
      this.changes.push({ create: [root, id] });
      return;
    }
    if (root === "nodes" && field === "parents") {
      this.reparented.add(id);
      return;
    }
    if (after instanceof Y.AbstractType || change.oldValue instanceof Y.AbstractType) return;
    this.changes.push({
      path,
      ...(change.action === "add" ? {} : { before: change.oldValue }),
      ...(change.action === "delete" ? {} : { after }),
    });
  }
}
