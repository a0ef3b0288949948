/** The state of a project's connection in the words that people read. */

import type { Connection, ConnectionState } from "./connection";
import type { ErrorShape } from "./errors";
import type { OfflineStore } from "./offline";

export type StatusWords =
  | "connecting"
  | "saved"
  | "saving"
  | "offline, kept here"
  | "offline, not kept"
  | `refused: ${string}`;

/** One document's link: its socket, and its copy in this browser (null: there is none). */
export interface Link {
  readonly connection: Pick<Connection, "state" | "hasUnsaved" | "refusal">;
  readonly offline: Pick<OfflineStore, "kept" | "error"> | null;
}

export interface Status {
  readonly words: StatusWords;
  readonly state: ConnectionState;
  /** Something done here is not known to be committed on the server. */
  readonly unsaved: boolean;
  /** Everything is stored in this browser. */
  readonly kept: boolean;
  /** Leaving now would lose something. */
  readonly atRisk: boolean;
  readonly refusal: ErrorShape | null;
}

const WORST_FIRST: readonly ConnectionState[] = ["refused", "offline", "connecting", "online"];

export function statusOf(links: readonly Link[]): Status {
  const states = links.map((link) => link.connection.state);
  const state = WORST_FIRST.find((candidate) => states.includes(candidate)) ?? "connecting";
  const refusal = links.find((link) => link.connection.refusal !== null)?.connection.refusal ?? null;
  const unsaved = links.some((link) => link.connection.hasUnsaved);
  const kept = links.every((link) => link.offline?.kept === true);
  const writing = links.every((link) => link.offline !== null && link.offline.error === null);
  const words = wordsOf(state, unsaved, kept, writing, refusal);
  return { words, state, unsaved, kept, atRisk: unsaved && !kept, refusal };
}

function wordsOf(
  state: ConnectionState,
  unsaved: boolean,
  kept: boolean,
  writing: boolean,
  refusal: ErrorShape | null,
): StatusWords {
  if (state === "refused") return `refused: ${refusal?.message || refusal?.code || "the server closed the connection"}`;
  if (state === "connecting") return "connecting";
  if (state === "online") return unsaved ? "saving" : "saved";
  if (kept) return "offline, kept here";
  return writing ? "saving" : "offline, not kept";
}
