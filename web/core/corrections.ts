/** Puts right what `validate` found, where one write does: the default that readers see already is written down. */

import * as Y from "yjs";
import type { CrdtDocument } from "./document";
import { containersOf } from "./records";
import { DEFAULTS } from "./schema";
import type { Path } from "./steps";
import type { Issue } from "./validation";

/** What to do, to be run inside an edit; undefined where no single write helps. */
export function correctionOf(document: CrdtDocument, { path, code }: Issue): (() => void) | undefined {
  const [root = "", id = "", key, entry] = path;
  if (code === "dangling") return withoutReference(document, path);
  if (code !== "bad_value") return undefined;
  if (root === "meta") return () => document.map("meta").delete(id);
  if (key === undefined) return undefined;
  const map = containerOf(document, path);
  if (map === undefined) return undefined;
  if (entry !== undefined) return () => map.delete(entry);
  if (containersOf(root).includes(key)) return undefined;
  return () => {
    writeDefault(map, root, key);
    document.touchTree(root, id);
  };
}

function writeDefault(record: Y.Map<unknown>, root: string, key: string): void {
  const defaults: Readonly<Record<string, unknown>> = DEFAULTS[root as keyof typeof DEFAULTS] ?? {};
  // `null` is how absence reads, and some checks do not take it.
  if (defaults[key] === undefined || defaults[key] === null) record.delete(key);
  else record.set(key, defaults[key]);
}

/** A reference to nothing shows nothing: null says so. Revisions and levels are written once and stay. */
function withoutReference(document: CrdtDocument, path: Path): (() => void) | undefined {
  if (path[0] === "revisions" || path[0] === "lod" || path[2] === "head") return undefined;
  const map = containerOf(document, path);
  const key = path[path.length - 1] as string;
  return map && (() => map.set(key, null));
}

/** The record or the container in it that holds the last key of a path. */
function containerOf(document: CrdtDocument, path: Path): Y.Map<unknown> | undefined {
  const record = document.record(path[0] as string, path[1] as string);
  const inner = path.length === 4 ? record?.get(path[2] as string) : record;
  return inner instanceof Y.Map ? inner : undefined;
}
