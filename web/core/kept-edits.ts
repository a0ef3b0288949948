/** Edits as values, free of the replica that they were made in: what a refusal leaves behind (DESIGN section 5). */

import * as Y from "yjs";
import { type CrdtDocument, placeOf, SceneDocument } from "./document";
import { containersOf, isValueRoot } from "./records";
import { type Creation, ownerOf, type Place, type Step, stepFrom } from "./steps";

/** A record that the edits made, as it was last. */
export interface KeptRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly containers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Of a node. */
  readonly place?: Place;
}

export interface KeptEdits {
  readonly step: Step;
  /** By "root/id": what stands behind each creation of the step; an atomic value as it is. */
  readonly made: Readonly<Record<string, KeptRecord | { readonly value: unknown }>>;
}

/** The step with what its creations made, read from the document that holds them. */
export function keepEdits(document: CrdtDocument, step: Step): KeptEdits {
  const creations = step.filter((change): change is Creation => "create" in change);
  const made = creations.map((change) => [ownerOf(change), readMade(document, change)] as const);
  return { step, made: Object.fromEntries(made) };
}

/** How many changes to how many things. */
export function sizeOf({ step }: KeptEdits): { readonly changes: number; readonly things: number } {
  return { changes: step.length, things: new Set(step.map(ownerOf)).size };
}

/** The ids of the nodes that the edits are about, in the order of the step. */
export function nodesOf({ step }: KeptEdits): readonly string[] {
  const owners = step.map(ownerOf).filter((owner) => owner.startsWith("nodes/"));
  return [...new Set(owners)].map((owner) => owner.slice("nodes/".length));
}

function readMade(document: CrdtDocument, { create: [root, id] }: Creation): KeptRecord | { value: unknown } {
  if (isValueRoot(root)) return { value: document.map(root).get(id) };
  const fields: Record<string, unknown> = {};
  const containers: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of document.record(root, id) ?? []) {
    if (value instanceof Y.Map) containers[key] = atomicOnly(value);
    else if (!(value instanceof Y.AbstractType) && !containersOf(root).includes(key)) fields[key] = value;
  }
  const place = root === "nodes" && document instanceof SceneDocument ? placeOf(document.tree(), id) : undefined;
  return { fields, containers, ...(place === undefined ? {} : { place }) };
}

function atomicOnly(map: Y.Map<unknown>): Record<string, unknown> {
  return Object.fromEntries([...map].filter(([, value]) => !(value instanceof Y.AbstractType)));
}

/** What came from a store or a file; undefined where it is no edits. */
export function editsFrom(value: unknown): KeptEdits | undefined {
  if (typeof value !== "object" || value === null || !("step" in value) || !("made" in value)) return undefined;
  if (typeof value.made !== "object" || value.made === null) return undefined;
  return { step: stepFrom(value.step), made: value.made as KeptEdits["made"] };
}

/** The edits as a file for people and programs; bytes as {"base64": …}. */
export function asText(edits: KeptEdits, about: Readonly<Record<string, unknown>>): string {
  const spell = (_: string, value: unknown) => (value instanceof Uint8Array ? { base64: base64(value) } : value);
  return JSON.stringify({ format: "maquette-edits", version: 1, ...about, ...edits }, spell, 2);
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
