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
  readonly email: string | null;
}

export interface AccountInfo extends PersonInfo {
  readonly standing: Standing;
  readonly disabled: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly seen: number;
}

/** A sign-in, or a key for scripts. */
export interface CredentialInfo {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  /** The browser that it came with. */
  readonly agent: string;
  readonly created: number;
  readonly used: number;
  readonly expires: number | null;
  /** The one of this very request. */
  readonly current?: boolean;
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

/** A new secret: shown once, by nobody's leave again. */
export interface Minted {
  readonly token: string;
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

  change(fields: { name?: string; color?: string; email?: string }): Promise<AccountInfo> {
    return this.#api.call("PATCH", "/account", fields);
  }

  changePassword(current: string, password: string): Promise<void> {
    return this.#api.call("POST", "/account/password", { current, password });
  }

  async sessions(): Promise<readonly CredentialInfo[]> {
    return (await this.#api.call<Page<CredentialInfo>>("GET", "/account/sessions")).items;
  }

  endSession(id: string): Promise<void> {
    return this.#api.call("DELETE", `/account/sessions/${id}`);
  }

  async keys(): Promise<readonly CredentialInfo[]> {
    return (await this.#api.call<Page<CredentialInfo>>("GET", "/account/keys")).items;
  }

  createKey(name: string, scope: Scope, seconds: number | null): Promise<CredentialInfo & Minted> {
    return this.#api.call("POST", "/account/keys", { name, scope, seconds });
  }

  revokeKey(id: string): Promise<void> {
    return this.#api.call("DELETE", `/account/keys/${id}`);
  }

  // -- a project's people

  async members(project: string): Promise<readonly MemberInfo[]> {
    return (await this.#api.call<Page<MemberInfo>>("GET", `/projects/${project}/members?limit=100`)).items;
  }

  addMember(project: string, email: string, role: ProjectRole): Promise<MemberInfo> {
    return this.#api.call("POST", `/projects/${project}/members`, { email, role });
  }

  changeMember(project: string, user: string, role: ProjectRole): Promise<MemberInfo> {
    return this.#api.call("PATCH", `/projects/${project}/members/${user}`, { role });
  }

  removeMember(project: string, user: string): Promise<void> {
    return this.#api.call("DELETE", `/projects/${project}/members/${user}`);
  }

  async links(project: string): Promise<readonly LinkInfo[]> {
    return (await this.#api.call<Page<LinkInfo>>("GET", `/projects/${project}/links?limit=100`)).items;
  }

  createLink(project: string, role: ProjectRole, seconds: number | null, name = ""): Promise<LinkInfo & Minted> {
    return this.#api.call("POST", `/projects/${project}/links`, { role, seconds, name });
  }

  removeLink(project: string, id: string): Promise<void> {
    return this.#api.call("DELETE", `/projects/${project}/links/${id}`);
  }

  // -- administration

  people(find = "", cursor?: string): Promise<Page<AccountInfo>> {
    const words = new URLSearchParams({ limit: "50", ...(find && { find }), ...(cursor && { cursor }) });
    return this.#api.call("GET", `/people?${words}`);
  }

  changePerson(id: string, fields: { standing?: Standing; disabled?: boolean }): Promise<AccountInfo> {
    return this.#api.call("PATCH", `/people/${id}`, fields);
  }

  /** A link's token that sets a new password once. */
  resetPerson(id: string): Promise<Minted> {
    return this.#api.call("POST", `/people/${id}/reset`, {});
  }
}
