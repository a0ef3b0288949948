/** Jobs of the session document: asking, and the table of states (SPEC J). */

import * as Y from "yjs";
import { checkField, type SessionDocument } from "./document";
import { InvalidEdit } from "./errors";
import { isId, newId } from "./ids";
import { type Job, type JobState, TRANSITIONS as TABLE } from "./schema";

/** J1: which states may follow which. */
export const TRANSITIONS: Readonly<Record<JobState, readonly JobState[]>> = TABLE;

export function isFinal(state: JobState): boolean {
  return TRANSITIONS[state].length === 0;
}

export interface JobRequest {
  readonly op: string;
  readonly target?: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly by: string;
}

/** Asks for a job; the server takes it from the document (J2). Returns its id. */
export function request(session: SessionDocument, job: JobRequest, id = newId()): string {
  const { op, target = {}, params = {}, by } = job;
  if (!isId(id)) throw new InvalidEdit("bad_id", `${id} is no id`);
  if (session.map("jobs").has(id)) throw new InvalidEdit("id_taken", `jobs/${id} exists already`);
  for (const [key, value] of Object.entries({ op, target, params, by })) checkField("jobs", key, value);
  const entries: [string, unknown][] = Object.entries({ op, target, params, by, at: Date.now() });
  session.transact(() => session.map("jobs").set(id, new Y.Map(entries)));
  return id;
}

export function read(session: SessionDocument, id: string): Job | undefined {
  return session.read("jobs", id);
}
