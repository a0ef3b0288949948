/** The state of a project's connection in the words that people read. */

import type { Connection, ConnectionState } from "./connection";
import type { ErrorShape } from "./errors";
import type { OfflineStore } from "./offline";

export type StatusWords =
  | "connecting"
  | "saved"
  | "saving"
  | "saving slowly"
  | "not saved yet"
  | "offline, kept here"
  | "offline, not kept"
  | `refused: ${string}`;

/** One document's link: its socket, its copy in this browser (null: there is none), and whether all is kept there. */
export interface Link {
  readonly connection: Pick<
    Connection,
    "state" | "hasUnsaved" | "unsavedCount" | "refusal" | "notice" | "slow" | "retrying"
  >;
  readonly offline: Pick<OfflineStore, "error"> | null;
  readonly kept: boolean;
}

export interface Status {
  readonly words: StatusWords;
  readonly state: ConnectionState;
  /** Something done here is not known to be committed on the server. */
  readonly unsaved: boolean;
  /** How many changes that are. */
  readonly changes: number;
  /** The server takes edits and cannot store them; null while it can. */
  readonly notSaving: ErrorShape | null;
  /** The server is being looked for at this moment. */
  readonly retrying: boolean;
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
  const kept = links.every((link) => link.kept);
  const writing = links.every((link) => link.offline !== null && link.offline.error === null);
  const changes = links.reduce((sum, link) => sum + link.connection.unsavedCount, 0);
  const notSaving = links.find((link) => link.connection.notice?.code === "not_saving")?.connection.notice ?? null;
  const retrying = links.some((link) => link.connection.retrying);
  const slow = links.some((link) => link.connection.slow);
  const words = wordsOf({ state, unsaved, kept, writing, slow, notSaving, refusal });
  return { words, state, unsaved, changes, notSaving, retrying, kept, atRisk: unsaved && !kept, refusal };
}

interface Facts {
  readonly state: ConnectionState;
  readonly unsaved: boolean;
  readonly kept: boolean;
  /** This browser takes what is to be kept. */
  readonly writing: boolean;
  readonly slow: boolean;
  readonly notSaving: ErrorShape | null;
  readonly refusal: ErrorShape | null;
}

function wordsOf({ state, unsaved, kept, writing, slow, notSaving, refusal }: Facts): StatusWords {
  if (state === "refused") return `refused: ${refusal?.message || refusal?.code || "the server closed the connection"}`;
  if (state === "connecting") return "connecting";
  if (state === "online") {
    if (!unsaved) return "saved";
    if (notSaving) return "not saved yet";
    return slow ? "saving slowly" : "saving";
  }
  if (kept) return "offline, kept here";
  return writing ? "saving" : "offline, not kept";
}
