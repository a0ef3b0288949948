/** Who this browser is to the server, and signing in and out. */
import type { SessionInfo } from "@core/api";
import { ApiError } from "@core/errors";
import { create } from "zustand";
import { accounts, api } from "./api";
import { useIdentity } from "./identity";
import { toastError } from "./toasts";

interface Session {
  /** Null: not known (yet), or not signed in. */
  info: SessionInfo | null;
  signedOut: boolean;
  /** The dialog to sign in over what is open. */
  asking: boolean;
}

export const useSession = create<Session>(() => ({ info: null, signedOut: false, asking: false }));

let asked: Promise<SessionInfo | null> | null = null;

/** Null while the server is out of reach or does not know this visitor. Asked once. */
export function session(): Promise<SessionInfo | null> {
  asked ??= ask();
  return asked;
}

/** After signing in or out: the next question goes to the server. */
export function forgetSession(): void {
  asked = null;
}

/** Takes over what the server answered to signing in. */
export function adopt(info: SessionInfo): void {
  asked = Promise.resolve(info);
  useSession.setState({ info, signedOut: false, asking: false });
  const { user, mode } = info;
  // With accounts, name and colour are the account's; a visitor of a local server chooses them in this browser.
  if (mode === "local") useIdentity.getState().adopt(user.id);
  else useIdentity.getState().become(user);
}

export function askToSignIn(): void {
  useSession.setState({ asking: true });
}

/** Whether this server has accounts at all: a local one shows nothing of them. */
export function useAccounts(): boolean {
  return useSession((state) => state.info !== null && state.info.mode !== "local");
}

/** Name and colour of the account; whether it worked. */
export async function saveProfile(fields: { name: string; color: string }): Promise<boolean> {
  try {
    useIdentity.getState().become(await accounts.change(fields));
    return true;
  } catch (error) {
    toastError("Your name was not changed", error);
    return false;
  }
}

async function ask(): Promise<SessionInfo | null> {
  try {
    const info = await api.session();
    adopt(info);
    return info;
  } catch (error) {
    asked = null; // The page that needed it meets the same refusal itself, and shows it.
    if (error instanceof ApiError && error.status === 401) useSession.setState({ info: null, signedOut: true });
    return null;
  }
}
