/** Every message of the wire (crdt/PROTOCOL.md), and the only place where TypeScript knows its numbers. */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { ProtocolError } from "./errors";

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY_AWARENESS = 3;
const HELLO = 100;
const SAVED = 101;
const REFUSED = 102;
const NOTICE = 104;
const PERMISSION_DENIED = 0;
const SYNC_KINDS = ["syncStep1", "syncStep2", "update"] as const;

/** What our own clients ask for in `?caps=`. */
export const CAPABILITIES: readonly string[] = ["saved", "refusal", "hello", "notice"];

export const CLOSE = {
  goingAway: 1001,
  /** By the socket itself, for a message far above the limit: nothing of ours could say why. */
  frameTooLarge: 1009,
  restart: 1012,
  malformed: 4400,
  notAuthorised: 4401,
  forbidden: 4403,
  noSuchProject: 4404,
  tooSlow: 4408,
  updateRefused: 4409,
  tooLarge: 4413,
  tooFast: 4429,
} as const;

export interface Hello {
  readonly type: "hello";
  readonly generation: number;
  readonly schema: number;
  readonly user: Readonly<Record<string, unknown>>;
  /** In this project. */
  readonly role: string;
  readonly readOnly: boolean;
  readonly seq: number;
}

export interface Refused {
  readonly type: "refused";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Seconds until coming back may help. */
  readonly retryAfter?: number;
}

/** What everybody in the room should know now; the connection goes on. */
export interface Notice {
  readonly type: "notice";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Message =
  | { readonly type: "syncStep1"; readonly state: Uint8Array }
  | { readonly type: "syncStep2"; readonly update: Uint8Array }
  | { readonly type: "update"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  | { readonly type: "permissionDenied"; readonly reason: string }
  | { readonly type: "queryAwareness" }
  /** The first n update-carrying messages of this connection are committed. */
  | { readonly type: "saved"; readonly n: number; readonly seq: number }
  | Hello
  | Refused
  | Notice;

export function encode(message: Message): Uint8Array<ArrayBuffer> {
  return encoding.encode((encoder) => write(encoder, message)) as Uint8Array<ArrayBuffer>;
}

function write(encoder: encoding.Encoder, message: Message): void {
  switch (message.type) {
    case "syncStep1":
      writeBytes(encoder, [SYNC, 0], message.state);
      break;
    case "syncStep2":
      writeBytes(encoder, [SYNC, 1], message.update);
      break;
    case "update":
      writeBytes(encoder, [SYNC, 2], message.update);
      break;
    case "awareness":
      writeBytes(encoder, [AWARENESS], message.update);
      break;
    case "permissionDenied":
      writeText(encoder, [AUTH, PERMISSION_DENIED], message.reason);
      break;
    case "queryAwareness":
      encoding.writeVarUint(encoder, QUERY_AWARENESS);
      break;
    case "saved":
      for (const number of [SAVED, message.n, message.seq]) encoding.writeVarUint(encoder, number);
      break;
    case "hello":
      writeBody(encoder, HELLO, message);
      break;
    case "refused":
      writeBody(encoder, REFUSED, message);
      break;
    case "notice":
      writeBody(encoder, NOTICE, message);
  }
}

function writeBody(encoder: encoding.Encoder, number: number, { type: _, ...body }: Hello | Refused | Notice): void {
  writeText(encoder, [number], JSON.stringify(body));
}

function writeBytes(encoder: encoding.Encoder, numbers: readonly number[], bytes: Uint8Array): void {
  for (const number of numbers) encoding.writeVarUint(encoder, number);
  encoding.writeVarUint8Array(encoder, bytes);
}

function writeText(encoder: encoding.Encoder, numbers: readonly number[], text: string): void {
  for (const number of numbers) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, text);
}

/** The message in `data`; ProtocolError where it is none of ours, cut short or too long. */
export function decode(data: Uint8Array): Message {
  const decoder = decoding.createDecoder(data);
  const message = read(decoder);
  if (decoder.pos !== data.length)
    throw new ProtocolError("trailing_bytes", `${data.length - decoder.pos} bytes after the message`);
  return message;
}

function read(decoder: decoding.Decoder): Message {
  const number = readNumber(decoder);
  switch (number) {
    case SYNC:
      return readSync(decoder);
    case AWARENESS:
      return { type: "awareness", update: readBytes(decoder) };
    case AUTH:
      return readAuth(decoder);
    case QUERY_AWARENESS:
      return { type: "queryAwareness" };
    case HELLO:
      return readHello(decoder);
    case SAVED:
      return { type: "saved", n: readNumber(decoder), seq: readNumber(decoder) };
    case REFUSED:
      return readRefused(decoder);
    case NOTICE:
      return { type: "notice", ...toldOf(readObject(decoder)) };
    default:
      throw new ProtocolError("unknown_message", `message number ${number}`, "one of PROTOCOL.md");
  }
}

function readSync(decoder: decoding.Decoder): Message {
  const kind = readNumber(decoder);
  const type = SYNC_KINDS[kind];
  if (type === undefined) throw new ProtocolError("unknown_message", `sync message ${kind}`, "0, 1 or 2");
  const bytes = readBytes(decoder);
  return type === "syncStep1" ? { type, state: bytes } : { type, update: bytes };
}

function readAuth(decoder: decoding.Decoder): Message {
  const kind = readNumber(decoder);
  if (kind !== PERMISSION_DENIED) throw new ProtocolError("unknown_message", `auth message ${kind}`, "0");
  return { type: "permissionDenied", reason: readText(decoder) };
}

function readHello(decoder: decoding.Decoder): Hello {
  const { generation, schema, user, role, readOnly, seq } = readObject(decoder);
  if (
    !isInteger(generation) ||
    !isInteger(schema) ||
    !isInteger(seq) ||
    typeof role !== "string" ||
    typeof readOnly !== "boolean" ||
    !isPlain(user)
  )
    throw new ProtocolError("bad_json", "an ill-formed hello", "generation, schema, user, role, readOnly and seq");
  return { type: "hello", generation, schema, user, role, readOnly, seq };
}

function readRefused(decoder: decoding.Decoder): Refused {
  const body = readObject(decoder);
  const { retryAfter } = body;
  const told = { type: "refused", ...toldOf(body) } as const;
  if (retryAfter === undefined) return told;
  if (typeof retryAfter !== "number" || retryAfter < 0) throw new ProtocolError("bad_json", "ill-formed retryAfter");
  return { ...told, retryAfter };
}

function toldOf({ code, message, hint }: Record<string, unknown>): { code: string; message: string; hint: string } {
  if (typeof code !== "string" || typeof message !== "string" || typeof hint !== "string")
    throw new ProtocolError("bad_json", "ill-formed words", "code, message and hint");
  return { code, message, hint };
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readObject(decoder: decoding.Decoder): Record<string, unknown> {
  const value = parseJson(readText(decoder));
  if (!isPlain(value)) throw new ProtocolError("bad_json", "a body that is not an object");
  return value;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtocolError("bad_json", `a body that is not JSON: ${error}`);
  }
}

export function readNumber(decoder: decoding.Decoder): number {
  try {
    return decoding.readVarUint(decoder);
  } catch (error) {
    throw new ProtocolError("cut_short", `a number: ${error}`);
  }
}

/** A copy, so that the message's buffer can go. */
function readBytes(decoder: decoding.Decoder): Uint8Array {
  const length = readNumber(decoder);
  const left = decoder.arr.length - decoder.pos;
  if (length > left) throw new ProtocolError("cut_short", `${left} bytes`, `${length}`);
  const bytes = decoder.arr.slice(decoder.pos, decoder.pos + length);
  decoder.pos += length;
  return bytes;
}

export function readText(decoder: decoding.Decoder): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readBytes(decoder));
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError("bad_text", "a text that is not UTF-8");
  }
}
