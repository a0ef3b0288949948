import { ApiError } from "@core/errors";
import { Project } from "@core/project";
import { FileQuestion, ShieldAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { Editor } from "./editor";
import { Unauthorised, Unreachable } from "./start/start-page";
import { api } from "./state/api";
import { useIdentity } from "./state/identity";
import { forgetProject } from "./state/local";
import { runPending } from "./state/pending";
import { ProjectProvider } from "./state/project";
import { useProjectInfo } from "./state/project-info";
import { followLink } from "./state/router";
import { session } from "./state/session";
import { Notice, Spinner } from "./ui/feedback";

type Opening =
  | { state: "opening" }
  | { state: "open"; project: Project }
  | { state: "unknown" | "unauthorised" | "unreachable" }
  | { state: "refused"; message: string };

export default function ProjectPage({ id }: { id: string }) {
  const opening = useOpenProject(id);
  switch (opening.state) {
    case "open":
      return (
        <ProjectProvider project={opening.project}>
          <Editor />
        </ProjectProvider>
      );
    case "unknown":
      return <Unknown />;
    case "unauthorised":
      return <Unauthorised />;
    case "unreachable":
      return <Unreachable />;
    case "refused":
      return <Refused message={opening.message} />;
    case "opening":
      return (
        <main className="grid h-full place-items-center">
          <Spinner label="Opening the project" />
        </main>
      );
  }
}

function useOpenProject(id: string): Opening {
  const [opening, setOpening] = useState<Opening>({ state: "opening" });
  useEffect(() => {
    let gone = false;
    let opened: Project | null = null;
    const finish = (next: Opening) => {
      if (next.state === "open") opened = next.project;
      if (!gone) setOpening(next);
      else void opened?.close();
      if (!gone && opened) runPending(opened);
    };
    open(id)
      .then(finish)
      .catch((error: { message?: string }) => finish({ state: "refused", message: error.message ?? String(error) }));
    return () => {
      gone = true;
      forgetProject();
      void opened?.close();
    };
  }, [id]);
  return opening;
}

/** Asks the server what the project is called; when it is out of reach, this browser's copy may still open. */
async function open(id: string): Promise<Opening> {
  const [known] = await Promise.all([lookUp(id), session()]);
  if (known === "unknown" || known === "unauthorised") return { state: known };
  const project = await Project.open({ id, user: useIdentity.getState().me });
  useProjectInfo.setState({ id, name: known?.name ?? "" });
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

function Unknown() {
  return (
    <Notice icon={FileQuestion} title="There is no such project">
      <p>It may be in the trash, or the address may have been cut when it was copied.</p>
      <AllProjects />
    </Notice>
  );
}

function Refused({ message }: { message: string }) {
  return (
    <Notice icon={ShieldAlert} title="The project could not be opened">
      <p>{message}</p>
      <AllProjects />
    </Notice>
  );
}

function AllProjects() {
  return (
    <a href="/" onClick={followLink} className="text-accent-strong underline underline-offset-2">
      All projects
    </a>
  );
}
