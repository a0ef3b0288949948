/** Chat lines of the session document. */

import { checkValue, type SessionDocument } from "./document";
import { newId } from "./ids";

/** Says something (1 to 4000 characters); returns the line's id. */
export function say(session: SessionDocument, by: string, name: string, text: string): string {
  const id = newId();
  const line = { by, name, at: Date.now(), text };
  checkValue("chat", id, line);
  session.transact(() => session.map("chat").set(id, line));
  return id;
}
