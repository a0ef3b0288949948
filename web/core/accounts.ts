/** Accounts, members and share links over HTTP (docs/api.md). Every refusal is an ApiError with the server's words. */

import type { Api, Page, SessionInfo } from "./api";

export type ProjectRole = "owner" | "editor" | "commenter" | "viewer";
export type Standing = "admin" | "team" | "member" | "guest";
export type Scope = "read" | "edit" | "admin";

/** Somebody as others see them. */
export interface PersonInfo {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly kind: "person" | "peer" | "assistant";
}

export interface AccountInfo extends PersonInfo {
  readonly email: string | null;
  readonly standing: Standing;
  readonly disabled: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly seen: number;
}

interface Credential {
  readonly id: string;
  /** Milliseconds since 1970, as all times. */
  readonly created: number;
  readonly used: number;
  readonly expires: number | null;
}

/** Where somebody is signed in: a browser, or a program with tokens of its own. */
export interface SignInInfo extends Credential {
  readonly kind: "session" | "token";
  /** How the browser names itself. */
  readonly agent: string;
  /** The one of this very request. */
  readonly current: boolean;
}

/** A key for scripts. */
export interface KeyInfo extends Credential {
  readonly name: string;
  readonly scope: Scope;
}

export interface MemberInfo {
  readonly user: PersonInfo;
  readonly role: ProjectRole;
  /** The share link that they came by; null: a role of their own. */
  readonly link: string | null;
  readonly expires: number | null;
}

export interface LinkInfo {
  readonly id: string;
  readonly name: string;
  readonly role: ProjectRole;
  readonly created: number;
  readonly expires: number | null;
  readonly uses: number | null;
  readonly used: number;
}

/** A link with its secret, which is shown once. */
export interface Minted {
  /** On this server: "/join#…" */
  readonly path: string;
}

/** What this server offers to anybody at its door. */
export interface DoorInfo {
  readonly mode: "local" | "accounts";
  readonly signUp: "open" | "invited" | "closed";
  /** Nobody administers yet: an account made with the key will. */
  readonly first: boolean;
}

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  /** Of an invitation. */
  readonly key?: string;
  /** Of a share link. */
  readonly link?: string;
}

/** What signing in answers; `project`: where a share link leads. */
export type SignedIn = SessionInfo & { readonly project?: string | null };

export class Accounts {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  // -- coming and going

  door(): Promise<DoorInfo> {
    return this.#api.call("GET", "/session/options");
  }

  signIn(email: string, password: string): Promise<SignedIn> {
    return this.#api.call("POST", "/session", { email, password });
  }

  /** A holder of the access key, without an account. */
  byKey(key: string, name: string): Promise<SignedIn> {
    return this.#api.call("POST", "/session", { key, name });
  }

  /** By a share link: with the account that is signed in, else as a guest. */
  byLink(link: string, name: string): Promise<SignedIn> {
    return this.#api.call("POST", "/session", { link, name });
  }

  signUp(account: NewAccount): Promise<SignedIn> {
    return this.#api.call("POST", "/accounts", account);
  }

  signOut(): Promise<void> {
    return this.#api.call("DELETE", "/session");
  }

  /** Sets a new password by the token of a reset link. */
  reset(token: string, password: string): Promise<void> {
    return this.#api.call("POST", "/accounts/reset", { token, password });
  }

  // -- oneself

  me(): Promise<AccountInfo> {
    return this.#api.call("GET", "/accounts/me");
  }

  change(fields: { name?: string; color?: string }): Promise<AccountInfo> {
    return this.#api.call("PATCH", "/accounts/me", fields);
  }

  /** All other sign-ins end. */
  changePassword(current: string, password: string): Promise<void> {
    return this.#api.call("POST", "/accounts/me/password", { current, new: password });
  }

  signIns(): Promise<readonly SignInInfo[]> {
    return this.#list("/accounts/me/sessions");
  }

  endSignIn(id: string): Promise<void> {
    return this.#api.call("DELETE", `/accounts/me/sessions/${id}`);
  }

  /** Here too. */
  endAllSignIns(): Promise<void> {
    return this.#api.call("DELETE", "/accounts/me/sessions");
  }

  keys(): Promise<readonly KeyInfo[]> {
    return this.#list("/accounts/me/keys");
  }

  /** `key`: shown once. */
  createKey(name: string, scope: Scope, seconds?: number): Promise<KeyInfo & { readonly key: string }> {
    return this.#api.call("POST", "/accounts/me/keys", { name, scope, ...(seconds && { seconds }) });
  }

  revokeKey(id: string): Promise<void> {
    return this.#api.call("DELETE", `/accounts/me/keys/${id}`);
  }

  // -- a project's people

  members(project: string): Promise<readonly MemberInfo[]> {
    return this.#list(`/projects/${project}/members`);
  }

  addMember(project: string, email: string, role: ProjectRole): Promise<MemberInfo> {
    return this.#api.call("POST", `/projects/${project}/members`, { email, role });
  }

  changeMember(project: string, user: string, role: ProjectRole): Promise<MemberInfo> {
    return this.#api.call("PUT", `/projects/${project}/members/${user}`, { role });
  }

  removeMember(project: string, user: string): Promise<void> {
    return this.#api.call("DELETE", `/projects/${project}/members/${user}`);
  }

  links(project: string): Promise<readonly LinkInfo[]> {
    return this.#list(`/projects/${project}/links`);
  }

  createLink(project: string, role: ProjectRole, seconds?: number): Promise<LinkInfo & Minted> {
    return this.#api.call("POST", `/projects/${project}/links`, { role, ...(seconds && { seconds }) });
  }

  removeLink(project: string, id: string): Promise<void> {
    return this.#api.call("DELETE", `/projects/${project}/links/${id}`);
  }

  // -- administration

  people(find = "", cursor?: string | null): Promise<Page<AccountInfo>> {
    const words = new URLSearchParams({ limit: "50", ...(find && { find }), ...(cursor && { cursor }) });
    return this.#api.call("GET", `/people?${words}`);
  }

  changePerson(id: string, fields: { standing?: Standing; disabled?: boolean }): Promise<AccountInfo> {
    return this.#api.call("PATCH", `/people/${id}`, fields);
  }

  /** Everywhere. */
  signPersonOut(id: string): Promise<void> {
    return this.#api.call("DELETE", `/people/${id}/sessions`);
  }

  /** A link's token that sets a new password once. */
  resetPerson(id: string): Promise<Minted> {
    return this.#api.call("POST", `/people/${id}/reset`, {});
  }

  /** Every page of a list. */
  async #list<T>(path: string): Promise<readonly T[]> {
    const found: T[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const words = new URLSearchParams({ limit: "100", ...(cursor && { cursor }) });
      const page: Page<T> = await this.#api.call("GET", `${path}?${words}`);
      found.push(...page.items);
      cursor = page.next;
    }
    return found;
  }
}
