/** The structs of a Yjs V1 update with the bytes that they stand in: what splitting an update needs to know of them. */

import * as decoding from "lib0/decoding";

export interface Id {
  readonly client: number;
  readonly clock: number;
}

export interface Struct extends Id {
  /** The clock after it. */
  readonly end: number;
  readonly content: Uint8Array;
  /** Origin, right origin and parent, as far as it names them. */
  readonly needs: readonly Id[];
  /** Holds nothing: a gap. */
  readonly isSkip: boolean;
}

export interface DeletedRange {
  readonly clock: number;
  readonly length: number;
}

export interface UpdateParts {
  /** By client, in the order of the update. */
  readonly structs: ReadonlyMap<number, readonly Struct[]>;
  readonly deletes: ReadonlyMap<number, readonly DeletedRange[]>;
}

const KIND = 0b11111;
const HAS_ORIGIN = 128;
const HAS_RIGHT_ORIGIN = 64;
const HAS_KEY = 32;
const GC = 0;
const SKIP = 10;
/** Types whose name stands beside their number: XML elements and hooks. */
const NAMED_TYPES: readonly number[] = [3, 5];

export function readParts(update: Uint8Array): UpdateParts {
  const decoder = decoding.createDecoder(update);
  return { structs: readStructs(decoder), deletes: readDeletes(decoder) };
}

function readStructs(decoder: decoding.Decoder): Map<number, Struct[]> {
  const structs = new Map<number, Struct[]>();
  for (let runs = decoding.readVarUint(decoder); runs > 0; runs--) {
    const count = decoding.readVarUint(decoder);
    const client = decoding.readVarUint(decoder);
    let clock = decoding.readVarUint(decoder);
    const own = structs.get(client) ?? [];
    structs.set(client, own);
    for (let i = 0; i < count; i++) {
      const struct = readStruct(decoder, client, clock);
      own.push(struct);
      clock = struct.end;
    }
  }
  return structs;
}

function readStruct(decoder: decoding.Decoder, client: number, clock: number): Struct {
  const begin = decoder.pos;
  const info = decoding.readUint8(decoder);
  const kind = info & KIND;
  const needs: Id[] = [];
  const length = kind === GC || kind === SKIP ? decoding.readVarUint(decoder) : readItem(decoder, info, kind, needs);
  const content = decoder.arr.subarray(begin, decoder.pos);
  return { client, clock, end: clock + length, content, needs, isSkip: kind === SKIP };
}

/** Returns its length, and adds what it names to `needs`. */
function readItem(decoder: decoding.Decoder, info: number, kind: number, needs: Id[]): number {
  if (info & HAS_ORIGIN) needs.push(readId(decoder));
  if (info & HAS_RIGHT_ORIGIN) needs.push(readId(decoder));
  if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
    if (decoding.readVarUint(decoder) === 1) decoding.readVarString(decoder);
    else needs.push(readId(decoder));
    if (info & HAS_KEY) decoding.readVarString(decoder);
  }
  return readContent(decoder, kind);
}

function readContent(decoder: decoding.Decoder, kind: number): number {
  switch (kind) {
    case 1: // deleted
      return decoding.readVarUint(decoder);
    case 2: // JSON
      return readMany(decoder, decoding.readVarString);
    case 3: // binary
      decoding.readVarUint8Array(decoder);
      return 1;
    case 4: // text: counted in code units
      return decoding.readVarString(decoder).length;
    case 5: // embedded JSON
      decoding.readVarString(decoder);
      return 1;
    case 6: // format
      decoding.readVarString(decoder);
      decoding.readVarString(decoder);
      return 1;
    case 7: // a shared type
      if (NAMED_TYPES.includes(decoding.readVarUint(decoder))) decoding.readVarString(decoder);
      return 1;
    case 8: // values
      return readMany(decoder, decoding.readAny);
    case 9: // a document
      decoding.readVarString(decoder);
      decoding.readAny(decoder);
      return 1;
    default:
      throw new Error(`content of kind ${kind}`);
  }
}

function readMany(decoder: decoding.Decoder, read: (decoder: decoding.Decoder) => unknown): number {
  const count = decoding.readVarUint(decoder);
  for (let i = 0; i < count; i++) read(decoder);
  return count;
}

function readId(decoder: decoding.Decoder): Id {
  return { client: decoding.readVarUint(decoder), clock: decoding.readVarUint(decoder) };
}

function readDeletes(decoder: decoding.Decoder): Map<number, DeletedRange[]> {
  const deletes = new Map<number, DeletedRange[]>();
  for (let clients = decoding.readVarUint(decoder); clients > 0; clients--) {
    const client = decoding.readVarUint(decoder);
    const ranges = deletes.get(client) ?? [];
    for (let count = decoding.readVarUint(decoder); count > 0; count--)
      ranges.push({ clock: decoding.readVarUint(decoder), length: decoding.readVarUint(decoder) });
    deletes.set(
      client,
      ranges.sort((a, b) => a.clock - b.clock || a.length - b.length),
    );
  }
  return deletes;
}
