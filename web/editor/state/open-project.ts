/** Opens a project for its page, and opens it anew with a fresh replica when the server refused the one before. */

import { ApiError } from "@core/errors";
import { Project } from "@core/project";
import { useEffect, useState } from "react";
import { api } from "./api";
import { useIdentity } from "./identity";
import { forgetProject } from "./local";
import { runPending } from "./pending";
import { keepPose } from "./pose";
import { useProjectInfo } from "./project-info";
import { session } from "./session";

export type Opening =
  | { state: "opening"; again: boolean }
  | { state: "open"; project: Project }
  /** It was open, and is not this person's any more. */
  | { state: "lost"; project: Project }
  | { state: "unknown" | "unauthorised" | "unreachable" }
  | { state: "refused"; message: string };

/** New replicas in one minute before a person is asked: no loop, whatever the server says. */
const MOST_REPLACEMENTS = 3;
const MINUTE = 60_000;

export function useOpenProject(id: string): { opening: Opening; reopen(): void } {
  const [opening, setOpening] = useState<Opening>({ state: "opening", again: false });
  const [attempt, setAttempt] = useState(0);
  const [replaced] = useState<number[]>(() => []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens the same project again
  useEffect(() => {
    let gone = false;
    let opened: Project | null = null;
    const replace = () => {
      if (!mayReplace(replaced, Date.now())) return;
      keepPose(id);
      setOpening({ state: "opening", again: true });
      setAttempt((count) => count + 1);
    };
    const follow = (project: Project) => {
      const look = () => {
        if (gone) return;
        if (project.ending === "no access") setOpening({ state: "lost", project });
        if (!project.replaceable) return;
        stop();
        replace();
      };
      const stop = project.subscribe(look);
      look();
    };
    const finish = (next: Opening) => {
      if (next.state === "open") opened = current = next.project;
      if (gone) {
        closing = opened?.close() ?? closing;
        return;
      }
      setOpening(next);
      if (!opened) return;
      runPending(opened);
      follow(opened);
    };
    open(id)
      .then(finish)
      .catch((error: { message?: string }) => finish({ state: "refused", message: error.message ?? String(error) }));
    return () => {
      gone = true;
      if (current === opened) current = null;
      forgetProject();
      closing = opened?.close() ?? closing;
    };
  }, [id, attempt]);
  const reopen = () => {
    replaced.length = 0;
    setOpening({ state: "opening", again: false });
    setAttempt((count) => count + 1);
  };
  return { opening, reopen };
}

function mayReplace(times: number[], now: number): boolean {
  while (times[0] !== undefined && times[0] < now - MINUTE) times.shift();
  return times.push(now) <= MOST_REPLACEMENTS;
}

/** The replica before this one still writes what it keeps: the next begins after it. */
let closing: Promise<unknown> = Promise.resolve();
let current: Project | null = null;

/** The project of this window; null on other pages. */
export function currentProject(): Project | null {
  return current;
}

/** Until what was open has written what it keeps. */
export async function closed(): Promise<void> {
  await closing;
}

/** Asks the server what the project is called; when it is out of reach, this browser's copy may still open. */
async function open(id: string): Promise<Opening> {
  await closing;
  const [known] = await Promise.all([lookUp(id), session()]);
  if (known === "unknown" || known === "unauthorised") return { state: known };
  const project = await Project.open({ id, user: useIdentity.getState().me });
  useProjectInfo.setState({ id, name: known?.name ?? useProjectInfo.getState().name });
  if (known || project.scene.canonical() !== "{}") return { state: "open", project };
  await project.close();
  return { state: "unreachable" };
}

/** Null: the server is out of reach. */
async function lookUp(id: string) {
  try {
    return await api.project(id);
  } catch (error) {
    if (!(error instanceof ApiError)) return null;
    if (error.status === 404 || error.status === 422) return "unknown";
    return error.status === 401 || error.status === 403 ? "unauthorised" : null;
  }
}
