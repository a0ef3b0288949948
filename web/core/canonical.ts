/** Canonical JSON (SPEC D8): equal documents give equal text, in Python and here. */

import { toBase64 } from "lib0/buffer";
import { digest } from "lib0/hash/sha256";
import * as Y from "yjs";

/** Canonical JSON of a JSON value, a binary or a Y.Map. */
export function dumps(value: unknown): string {
  if (value instanceof Y.Map) return object([...value.keys()], (key) => value.get(key));
  if (value instanceof Uint8Array) return `{"$bytes":${JSON.stringify(toBase64(value))}}`;
  if (Array.isArray(value)) return `[${value.map(dumps).join(",")}]`;
  if (typeof value === "bigint") return JSON.stringify(Number(value));
  if (value === null || typeof value !== "object") return JSON.stringify(value ?? null);
  const record = value as Record<string, unknown>;
  return object(Object.keys(record), (key) => record[key]);
}

/** Canonical JSON of a document: its non-empty root maps. */
export function dumpRoots(doc: Y.Doc, roots: readonly string[]): string {
  const filled = roots.filter((root) => doc.getMap(root).size > 0);
  return object(filled, (root) => doc.getMap(root));
}

/** Whether two values have the same canonical JSON. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || dumps(a) === dumps(b);
}

/** Lowercase hex SHA-256 of a text's UTF-8. Synchronous, also where `crypto.subtle` is missing (plain http). */
export function sha256Text(text: string): string {
  return hex(digest(new TextEncoder().encode(text)));
}

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function object(keys: string[], get: (key: string) => unknown): string {
  const parts = keys.sort().map((key) => `${JSON.stringify(key)}:${dumps(get(key))}`);
  return `{${parts.join(",")}}`;
}
