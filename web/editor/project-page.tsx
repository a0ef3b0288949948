import { FileQuestion, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { SignInPage } from "./accounts/sign-in-page";
import { Editor } from "./editor";
import { LostPage } from "./start/lost-page";
import { Unreachable } from "./start/start-page";
import { useOpenProject } from "./state/open-project";
import { ProjectProvider } from "./state/project";
import { followLink } from "./state/router";
import { Notice, Spinner } from "./ui/feedback";

export default function ProjectPage({ id }: { id: string }) {
  const { opening, reopen } = useOpenProject(id);
  switch (opening.state) {
    case "open":
      return (
        <ProjectProvider project={opening.project}>
          <Editor onReopen={reopen} />
        </ProjectProvider>
      );
    case "lost":
      return <LostPage project={opening.project} />;
    case "unknown":
      return <Unknown />;
    case "unauthorised":
      return <SignInPage onDone={reopen} />;
    case "unreachable":
      return <Unreachable />;
    case "refused":
      return <Refused message={opening.message} />;
    case "opening":
      return (
        <main className="grid h-full place-items-center">
          <Spinner label={opening.again ? "Joining again" : "Opening the project"} />
        </main>
      );
  }
}

function Unknown() {
  return (
    <Notice icon={FileQuestion} title="There is no such project">
      <p>It may be in the trash or not shared with you, or the address may have been cut when it was copied.</p>
      <AllProjects />
    </Notice>
  );
}

function Refused({ message }: { message: ReactNode }) {
  return (
    <Notice icon={ShieldAlert} title="The project could not be opened">
      <p>{message}</p>
      <AllProjects />
    </Notice>
  );
}

export function AllProjects() {
  return (
    <a href="/" onClick={followLink} className="text-accent-strong underline underline-offset-2">
      All projects
    </a>
  );
}
