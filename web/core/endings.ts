/** What a closed socket means for the replica behind it (crdt/PROTOCOL.md: close codes, codes of refusals). */

import type { ErrorShape } from "./errors";
import { CLOSE } from "./messages";

export type Ending =
  /** The same replica comes back by itself. */
  | "again"
  /** The server never takes what this replica holds: its edits are kept as values, and a new replica joins. */
  | "replica"
  /** Whoever asks is not known any more; after signing in the same replica comes back. */
  | "signed out"
  /** The project is not this person's (any more), or is gone. */
  | "no access"
  /** Coming back would only be refused again. */
  | "final";

const ENDINGS: Readonly<Record<number, Ending>> = {
  [CLOSE.malformed]: "final",
  [CLOSE.notAuthorised]: "signed out",
  [CLOSE.forbidden]: "no access",
  [CLOSE.noSuchProject]: "no access",
  [CLOSE.updateRefused]: "replica",
  [CLOSE.tooLarge]: "final",
  [CLOSE.frameTooLarge]: "final",
};

/** Codes of refusals that are about what the replica holds, whatever the socket was closed with. */
const ABOUT_THE_REPLICA: readonly string[] = ["read_only", "client_id_taken", "generation_changed"];

export function endingOf(code: number, refusal: ErrorShape | null): Ending {
  if (refusal !== null && ABOUT_THE_REPLICA.includes(refusal.code)) return "replica";
  return ENDINGS[code] ?? "again";
}

export const GENERATION_CHANGED: ErrorShape = {
  code: "generation_changed",
  message: "the project was made anew on the server since this copy was made",
  hint: "changes that were not saved are kept beside it",
};

const TOO_LARGE: ErrorShape = {
  code: "message_too_large",
  message: "more was changed offline than the server takes in one message",
  hint: "MAQUETTE_MAX_MESSAGE sets the limit; this browser's copy is kept",
};

/** Words for a close that came without any. */
export function unexplained(code: number, reason: string): ErrorShape {
  if (code === CLOSE.frameTooLarge) return TOO_LARGE;
  return { code: `closed_${code}`, message: reason || "the server closed the connection", hint: "" };
}
