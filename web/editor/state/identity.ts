/** Who am I: a name and a colour of one's own choice, kept in this browser. */

import { hashOf, PEOPLE_COLOURS } from "@editor/lib/colour";
import { create } from "zustand";

export interface Identity {
  id: string;
  name: string;
  color: string;
  kind: "person";
}

const KEY = "maquette.identity";

interface IdentityState {
  me: Identity;
  change(fields: Partial<Pick<Identity, "name" | "color">>): void;
  /** The id that the server knows this browser by. */
  adopt(id: string): void;
  /** With an account: the server's word on who this is. Not kept in the browser, which others may use too. */
  become(user: { id: string; name: string; color: string }): void;
}

export const useIdentity = create<IdentityState>((set, get) => {
  const keep = (me: Identity) => {
    localStorage.setItem(KEY, JSON.stringify(me));
    set({ me });
  };
  return {
    me: stored(),
    change: (fields) => keep({ ...get().me, ...fields }),
    become: ({ id, name, color }) => set({ me: { id, name, color, kind: "person" } }),
    adopt: (id) => id !== get().me.id && keep({ ...get().me, id }),
  };
});

function stored(): Identity {
  const kept = parsed(localStorage.getItem(KEY));
  if (kept) return kept;
  const me = newcomer();
  localStorage.setItem(KEY, JSON.stringify(me));
  return me;
}

function parsed(text: string | null): Identity | null {
  try {
    const value = JSON.parse(text ?? "null") as Partial<Identity> | null;
    const sound = value && /^[A-Za-z0-9_-]{16}$/.test(value.id ?? "") && /^#[0-9a-f]{6}$/.test(value.color ?? "");
    return sound && value.name
      ? { id: value.id as string, name: value.name, color: value.color as string, kind: "person" }
      : null;
  } catch {
    return null;
  }
}

function newcomer(): Identity {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const id = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  const color = PEOPLE_COLOURS[hashOf(id) % PEOPLE_COLOURS.length] ?? PEOPLE_COLOURS[0];
  return {
    id,
    name: `Guest ${id
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 3)
      .toUpperCase()}`,
    color,
    kind: "person",
  };
}
