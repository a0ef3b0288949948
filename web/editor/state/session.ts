/** The server's view of this visitor. Its id is the author of what goes over HTTP and over the sockets alike. */
import type { SessionInfo } from "@core/api";
import { api } from "./api";
import { useIdentity } from "./identity";

let asked: Promise<SessionInfo | null> | null = null;

/** Null while the server is out of reach or does not know this visitor. Asked once. */
export function session(): Promise<SessionInfo | null> {
  asked ??= ask();
  return asked;
}

/** After an invitation was accepted. */
export function forgetSession(): void {
  asked = null;
}

async function ask(): Promise<SessionInfo | null> {
  try {
    const info = await api.session();
    useIdentity.getState().adopt(info.user.id);
    return info;
  } catch {
    asked = null; // The page that needed it meets the same refusal itself, and shows it.
    return null;
  }
}
