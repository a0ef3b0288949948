import { SignInPage } from "@editor/accounts/sign-in-page";
import { cn } from "@editor/lib/cn";
import { droppedFiles } from "@editor/lib/dropped-files";
import { DropZone } from "@editor/panels/drop-zone";
import { loadProjects, useProjects } from "@editor/state/projects";
import { Button } from "@editor/ui/button";
import { Empty, Notice, Spinner } from "@editor/ui/feedback";
import { CONTROL } from "@editor/ui/field";
import { FolderUp, Plus, Search, ServerOff, Sparkles, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { ProjectArt } from "./art";
import { Card } from "./card";
import { Header } from "./header";
import { openFiles, openNew, openSample } from "./open";
import { TrashList } from "./trash-list";

export function StartPage() {
  const state = useProjects((projects) => projects.state);
  useEffect(() => {
    document.title = "Maquette";
    void loadProjects();
    const refresh = () => !document.hidden && void loadProjects();
    document.addEventListener("visibilitychange", refresh);
    return () => document.removeEventListener("visibilitychange", refresh);
  }, []);
  if (state === "unreachable") return <Unreachable />;
  if (state === "unauthorised") return <SignInPage onDone={() => void loadProjects()} />;
  return (
    <DropZone
      title="Drop to make a new project of these files"
      onDrop={async (transfer) => openFiles(await droppedFiles(transfer))}
    >
      <div className="flex h-full flex-col">
        <Header />
        <main className="min-h-0 flex-1 overflow-y-auto">
          <div className="mx-auto flex max-w-6xl flex-col gap-5 px-4 py-6 sm:px-8 sm:py-8">
            <Actions />
            {state === "loading" ? <Spinner label="Loading projects" /> : <Projects />}
          </div>
        </main>
      </div>
    </DropZone>
  );
}

function Actions() {
  const [busy, setBusy] = useState(false);
  const once = (run: () => Promise<void>) => () => {
    setBusy(true);
    void run().finally(() => setBusy(false));
  };
  return (
    <section aria-label="Start something" className="grid gap-3 sm:grid-cols-3">
      <Action
        icon={<Plus />}
        title="New project"
        hint="An empty scene"
        testId="new-project"
        disabled={busy}
        onClick={once(() => openNew())}
      />
      <Action
        icon={<FolderUp />}
        title="From files"
        hint="Or drop models on this page"
        testId="from-files"
        disabled={busy}
        onClick={pick}
      />
      <Action
        icon={<Sparkles />}
        title="Open the sample"
        hint="A still life to play with"
        testId="open-sample"
        disabled={busy}
        onClick={once(openSample)}
      />
    </section>
  );
}

function pick(): void {
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
  input.addEventListener(
    "change",
    () => void openFiles([...(input.files ?? [])].map((file) => ({ file, path: file.name }))),
  );
  input.click();
}

interface ActionProps {
  icon: ReactNode;
  title: string;
  hint: string;
  testId: string;
  disabled: boolean;
  onClick(): void;
}

function Action({ icon, title, hint, testId, disabled, onClick }: ActionProps) {
  return (
    <button
      type="button"
      data-testid={testId}
      disabled={disabled}
      onClick={onClick}
      className="flex items-center gap-3 rounded-lg border border-line bg-panel p-3 text-left transition-colors hover:border-edge hover:bg-raised disabled:opacity-50"
    >
      <span
        aria-hidden
        className="grid size-9 shrink-0 place-items-center rounded-md bg-accent-deep text-accent-strong [&>svg]:size-4.5"
      >
        {icon}
      </span>
      <span className="min-w-0">
        <span className="block text-base font-semibold">{title}</span>
        <span className="block truncate text-muted">{hint}</span>
      </span>
    </button>
  );
}

function Projects() {
  const items = useProjects((state) => state.items);
  const trashed = useProjects((state) => state.trashed.length);
  const [tab, setTab] = useState<"projects" | "trash">("projects");
  const [filter, setFilter] = useState("");
  const now = Date.now();
  const shown = items.filter((project) => project.name.toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <section aria-label="Projects" className="flex flex-col gap-3">
      <div className="flex items-center gap-1">
        <Tab chosen={tab === "projects"} onChoose={() => setTab("projects")}>
          Projects <span className="text-faint">{items.length}</span>
        </Tab>
        <Tab chosen={tab === "trash"} onChoose={() => setTab("trash")} testId="project-trash">
          <Trash2 size={14} aria-hidden /> Trash {trashed > 0 && <span className="text-faint">{trashed}</span>}
        </Tab>
        <label className="relative ml-auto w-56 max-w-[40%]">
          <span className="sr-only">Find a project</span>
          <Search size={13} aria-hidden className="absolute top-2 left-2 text-faint" />
          <input
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            placeholder="Find a project"
            className={cn(CONTROL, "h-7.5 border-line bg-panel pl-7")}
          />
        </label>
      </div>
      {tab === "trash" ? <TrashList now={now} /> : <Cards shown={shown} filter={filter} now={now} />}
    </section>
  );
}

function Tab({
  chosen,
  onChoose,
  children,
  testId,
}: {
  chosen: boolean;
  onChoose(): void;
  children: ReactNode;
  testId?: string;
}) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      data-testid={testId}
      onClick={onChoose}
      className={cn(
        "flex h-8 items-center gap-1.5 rounded-md px-2.5 text-base",
        chosen ? "bg-raised text-ink" : "text-muted hover:text-ink",
      )}
    >
      {children}
    </button>
  );
}

function Cards({
  shown,
  filter,
  now,
}: {
  shown: ReturnType<typeof useProjects.getState>["items"];
  filter: string;
  now: number;
}) {
  if (!shown.length) {
    return filter ? (
      <Empty icon={Search} title={`No project is called “${filter}”`} />
    ) : (
      <div className="flex flex-col items-center rounded-lg border border-dashed border-edge px-4 py-10 text-center">
        <div className="h-40 w-64">
          <ProjectArt id="welcome" />
        </div>
        <h2 className="mt-2 text-lg font-semibold">Your projects will stand here</h2>
        <p className="mt-1 max-w-md text-base text-muted">
          Drop a GLB, glTF, OBJ, STL, PLY or 3MF anywhere on this page, or open the sample to look around. Share a
          project’s address to work on it together.
        </p>
      </div>
    );
  }
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(210px,1fr))] gap-4">
      {shown.map((project) => (
        <li key={project.id}>
          <Card project={project} now={now} />
        </li>
      ))}
    </ul>
  );
}

export function Unreachable() {
  return (
    <Notice icon={ServerOff} title="The server is out of reach">
      <p>
        Maquette runs on a server of your own, and it does not answer. Is it running, and are you on the same network?
      </p>
      <Button tone="primary" large onClick={() => location.reload()}>
        Try again
      </Button>
    </Notice>
  );
}
