/** Large updates in parts: each is closed once those before it are applied (crdt/PROTOCOL.md, *Parts*). */

import * as encoding from "lib0/encoding";
import { type DeletedRange, type Id, readParts, type Struct } from "./update-structs";

/** Bytes that a client is counted with in a part, beyond its structs or ranges. */
const OVERHEAD = 16;

type Structs = ReadonlyMap<number, readonly Struct[]>;

/**
 * The update in parts of about `limit` bytes; a struct that is larger alone is a part of its own. Applied in this order,
 * they are the same as the whole. An update that waits for itself is not split.
 */
export function splitUpdate(update: Uint8Array, limit: number): Uint8Array[] {
  if (update.length <= limit) return [update];
  const { structs, deletes } = readParts(update);
  const inOrder = ordered(structs);
  if (inOrder === null) return [update];
  const parts = new Parts(limit);
  for (const struct of inOrder) parts.addStruct(struct);
  for (const [client, ranges] of deletes) {
    for (const range of ranges) parts.addDeleted(client, range);
  }
  return parts.encoded();
}

/** Every struct after those that it needs: client by client, each left only for what the next struct needs. */
function ordered(structs: Structs): Struct[] | null {
  const found: Struct[] = [];
  const at = new Map<number, number>();
  const ends = new Map<number, number>();
  for (const [client, own] of structs) {
    at.set(client, 0);
    ends.set(client, own[0]?.clock ?? 0);
  }
  for (const first of structs.keys()) {
    const waiting: { readonly client: number; readonly wanted: number | null }[] = [{ client: first, wanted: null }];
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const { client, wanted } = last;
      const next = at.get(client) as number;
      const struct = structs.get(client)?.[next];
      if (struct === undefined || (wanted !== null && (ends.get(client) as number) > wanted)) {
        waiting.pop();
        continue;
      }
      const need = struct.needs.find((id) => isAhead(id, structs, ends));
      if (need === undefined) {
        at.set(client, next + 1);
        ends.set(client, struct.end);
        found.push(struct);
      } else if (waiting.some((other) => other.client === need.client)) return null;
      else waiting.push({ client: need.client, wanted: need.clock });
    }
  }
  return found;
}

/** Whether the update holds the struct and it did not come yet. */
function isAhead({ client, clock }: Id, structs: Structs, ends: ReadonlyMap<number, number>): boolean {
  const end = ends.get(client);
  return end !== undefined && end <= clock && clock < (structs.get(client)?.at(-1)?.end ?? 0);
}

class Part {
  readonly structs = new Map<number, Struct[]>();
  readonly deletes = new Map<number, DeletedRange[]>();
  size = 0;

  encode(): Uint8Array {
    return encoding.encode((encoder) => {
      writeStructs(encoder, this.structs);
      writeDeletes(encoder, this.deletes);
    });
  }
}

class Parts {
  readonly #limit: number;
  readonly #parts = [new Part()];

  constructor(limit: number) {
    this.#limit = limit;
  }

  addStruct(struct: Struct): void {
    const part = this.#roomFor(struct.content.length, (last) => last.structs.has(struct.client));
    append(part.structs, struct.client, struct);
  }

  addDeleted(client: number, range: DeletedRange): void {
    const size = encoding.encode((encoder) => writeRange(encoder, range)).length;
    const part = this.#roomFor(size, (last) => last.deletes.has(client));
    append(part.deletes, client, range);
  }

  encoded(): Uint8Array[] {
    return this.#parts.map((part) => part.encode());
  }

  /** The part that takes so many bytes more, of a client that it has already or not. */
  #roomFor(size: number, knows: (part: Part) => boolean): Part {
    let part = this.#parts.at(-1) as Part;
    if (part.size > 0 && part.size + size + (knows(part) ? 0 : OVERHEAD) > this.#limit) {
      part = new Part();
      this.#parts.push(part);
    }
    part.size += size + (knows(part) ? 0 : OVERHEAD);
    return part;
  }
}

function append<T>(lists: Map<number, T[]>, client: number, item: T): void {
  const list = lists.get(client);
  if (list === undefined) lists.set(client, [item]);
  else list.push(item);
}

function highestFirst<T>(lists: ReadonlyMap<number, T[]>): [number, T[]][] {
  return [...lists].sort(([a], [b]) => b - a);
}

function writeStructs(encoder: encoding.Encoder, structs: ReadonlyMap<number, Struct[]>): void {
  const runs = highestFirst(structs).map(([client, run]) => [client, trimmed(run)] as const);
  const full = runs.filter(([, run]) => run.length > 0);
  encoding.writeVarUint(encoder, full.length);
  for (const [client, run] of full) {
    for (const number of [run.length, client, run[0]?.clock ?? 0]) encoding.writeVarUint(encoder, number);
    for (const struct of run) encoding.writeUint8Array(encoder, struct.content);
  }
}

/** Without the skips at its ends. */
function trimmed(run: readonly Struct[]): readonly Struct[] {
  const first = run.findIndex((struct) => !struct.isSkip);
  return first < 0 ? [] : run.slice(first, run.findLastIndex((struct) => !struct.isSkip) + 1);
}

function writeDeletes(encoder: encoding.Encoder, deletes: ReadonlyMap<number, DeletedRange[]>): void {
  encoding.writeVarUint(encoder, deletes.size);
  for (const [client, ranges] of highestFirst(deletes)) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, ranges.length);
    for (const range of ranges) writeRange(encoder, range);
  }
}

function writeRange(encoder: encoding.Encoder, { clock, length }: DeletedRange): void {
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarUint(encoder, length);
}
