/** Signing out takes along what this browser keeps of projects: whoever uses it next finds nothing. */

import { countUnsaved, forgetProjects } from "@core/copies";
import { flushSync } from "react-dom";
import { create } from "zustand";
import { accounts } from "./api";
import { closed, currentProject } from "./open-project";
import { navigate } from "./router";
import { forgetSession, useSession } from "./session";
import { forgetThumbnails } from "./thumbnails";
import { toastError } from "./toasts";

/** How many changes would be lost: while it is not 0, the person is asked. */
export const useSignOut = create<{ unsaved: number }>(() => ({ unsaved: 0 }));

export async function signOut(): Promise<void> {
  const unsaved = Math.max(await unsavedCopies(), currentProject()?.state.changes ?? 0);
  if (unsaved > 0) useSignOut.setState({ unsaved });
  else await signOutNow();
}

export function stay(): void {
  useSignOut.setState({ unsaved: 0 });
}

/** Whatever is not saved is lost. Where the server is out of reach, nothing happens. */
export async function signOutNow(): Promise<void> {
  try {
    await accounts.signOut();
  } catch (error) {
    toastError("You are still signed in", error);
    return;
  } finally {
    stay();
  }
  forgetSession();
  // An open project is left first: leaving, it writes what it keeps.
  flushSync(() => {
    useSession.setState({ info: null, signedOut: true });
    navigate("/login");
  });
  await closed();
  await forget();
}

async function forget(): Promise<void> {
  forgetThumbnails();
  try {
    await forgetProjects(indexedDB);
  } catch (error) {
    toastError("This browser still keeps copies of your projects", error);
  }
}

/** 0 where the browser keeps nothing, such as in some private windows. */
async function unsavedCopies(): Promise<number> {
  try {
    return await countUnsaved(indexedDB);
  } catch (error) {
    console.warn(`what this browser keeps could not be counted: ${error}`);
    return 0;
  }
}
