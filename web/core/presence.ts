/** People, peers and assistants in a project: who they are, what they have selected and where they look. */

import { Awareness, MAX_STATE } from "./awareness";

export type Vec3 = readonly [number, number, number];

export interface PresenceUser {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly kind: "person" | "peer" | "assistant";
}

export interface PresenceState {
  readonly user: PresenceUser;
  /** Node ids. */
  readonly selection: readonly string[];
  readonly camera: { readonly position: Vec3; readonly target: Vec3 } | null;
  /** The point under the cursor, world frame, metres. */
  readonly pointer: Vec3 | null;
  readonly tool: string;
  readonly jobs: Readonly<Record<string, { readonly progress: number; readonly message: string }>>;
}

/** Somebody else's state; `client` tells two windows of one user apart. */
export interface Person extends PresenceState {
  readonly client: number;
}

const COLOURS = ["#4c9be8", "#e8894c", "#5fbf77", "#c678dd", "#e0b84c", "#e06c8b", "#4cc3c7", "#9a8cf0"];

/** A colour that is the same for a user everywhere. */
export function colourOf(userId: string): string {
  let sum = 0;
  for (const letter of userId) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return COLOURS[sum % COLOURS.length] as string;
}

export class Presence {
  readonly awareness: Awareness;
  #state: PresenceState;
  #people: readonly Person[] | null = null;

  constructor(client: number, user: PresenceUser) {
    this.awareness = new Awareness(client);
    this.#state = { user, selection: [], camera: null, pointer: null, tool: "", jobs: {} };
    this.awareness.subscribe(() => {
      this.#people = null;
    });
    this.awareness.setLocal(fitted(this.#state));
  }

  get local(): PresenceState {
    return this.#state;
  }

  /** Changes parts of the own state. The connection sends it on, at most every 50 ms. */
  setLocal(part: Partial<PresenceState>): void {
    this.#state = { ...this.#state, ...part };
    this.awareness.setLocal(fitted(this.#state));
  }

  /** All others, by user and window; the same list until somebody changes. */
  people(): readonly Person[] {
    this.#people ??= this.#readPeople();
    return this.#people;
  }

  subscribe(listener: () => void): () => void {
    return this.awareness.subscribe(listener);
  }

  #readPeople(): readonly Person[] {
    const people: Person[] = [];
    for (const [client, state] of this.awareness.states) {
      const person = client === this.awareness.client ? null : readPerson(client, state);
      if (person !== null) people.push(person);
    }
    return people.sort((a, b) =>
      a.user.name < b.user.name ? -1 : a.user.name > b.user.name ? 1 : a.client - b.client,
    );
  }
}

/** The state within 4 KB: a long selection is cut. */
function fitted(state: PresenceState): Readonly<Record<string, unknown>> {
  const size = (selection: readonly string[]) =>
    new TextEncoder().encode(JSON.stringify({ ...state, selection })).length;
  let { selection } = state;
  while (selection.length > 0 && size(selection) > MAX_STATE) selection = selection.slice(0, selection.length >> 1);
  return { ...state, selection };
}

/** What others send is read with care: null where it names no user. */
function readPerson(client: number, state: Readonly<Record<string, unknown>>): Person | null {
  const user = readUser(state.user);
  if (user === null) return null;
  return {
    client,
    user,
    selection: Array.isArray(state.selection) ? state.selection.filter((id) => typeof id === "string") : [],
    camera: readCamera(state.camera),
    pointer: readVec3(state.pointer),
    tool: typeof state.tool === "string" ? state.tool : "",
    jobs: readJobs(state.jobs),
  };
}

function readUser(value: unknown): PresenceUser | null {
  if (!isObject(value) || typeof value.id !== "string" || typeof value.name !== "string") return null;
  const kind = value.kind === "peer" || value.kind === "assistant" ? value.kind : "person";
  const color =
    typeof value.color === "string" && /^#[0-9a-f]{6}$/.test(value.color) ? value.color : colourOf(value.id);
  return { id: value.id, name: value.name.slice(0, 64), color, kind };
}

function readCamera(value: unknown): PresenceState["camera"] {
  if (!isObject(value)) return null;
  const position = readVec3(value.position);
  const target = readVec3(value.target);
  return position && target && { position, target };
}

function readVec3(value: unknown): Vec3 | null {
  return isVec3(value) ? value : null;
}

function isVec3(value: unknown): value is Vec3 {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
}

function readJobs(value: unknown): PresenceState["jobs"] {
  const jobs: Record<string, { progress: number; message: string }> = {};
  for (const [id, job] of Object.entries(isObject(value) ? value : {})) {
    if (!isObject(job) || typeof job.progress !== "number") continue;
    const progress = Math.min(1, Math.max(0, job.progress));
    jobs[id] = { progress, message: typeof job.message === "string" ? job.message : "" };
  }
  return jobs;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
