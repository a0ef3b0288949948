/** Chat lines of the session document. */

import type { SessionDocument } from "./document";
import { InvalidEdit } from "./errors";
import { VALUE_TESTS } from "./fields";
import { newId } from "./ids";

/** Says something (1 to 4000 characters); returns the line's id. */
export function say(session: SessionDocument, by: string, name: string, text: string): string {
  const id = newId();
  const line = { by, name, at: Date.now(), text };
  if (!VALUE_TESTS.chat?.(line)) throw new InvalidEdit("bad_value", `a line of ${text.length} characters`, "1 to 4000");
  session.transact(() => session.map("chat").set(id, line));
  return id;
}
