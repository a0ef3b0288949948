import { lazy, Suspense, useEffect } from "react";
import { importFiles } from "./commands/import-files";
import { Dialogs } from "./dialogs/dialogs";
import { cn } from "./lib/cn";
import { droppedFiles } from "./lib/dropped-files";
import { DropZone } from "./panels/drop-zone";
import { Inspector } from "./panels/inspector/inspector";
import { useJobResults } from "./panels/jobs/use-job-results";
import { Outliner } from "./panels/outliner/outliner";
import { RefusedEdits } from "./panels/refused-edits";
import { useIdentity } from "./state/identity";
import { type Drawer, useLocal } from "./state/local";
import { useProject } from "./state/project";
import { useProjectInfo } from "./state/project-info";
import { useErrorToasts } from "./state/use-error-toasts";
import { useIsPhone } from "./state/use-media";
import { usePruned } from "./state/use-pruned";
import { useShortcuts } from "./state/use-shortcuts";
import { viewport } from "./state/viewport";
import { Banner } from "./topbar/banner";
import { Tools } from "./topbar/tools";
import { TopBar } from "./topbar/top-bar";
import { Boundary } from "./ui/boundary";
import { Spinner } from "./ui/feedback";
import { NoViewport } from "./viewport/no-viewport";

const Viewport = lazy(() => import("./viewport/viewport"));

/** The project's page: bar, outliner, viewport, inspector; on small windows the panels are drawers. */
export function Editor({ onReopen }: { onReopen(): void }) {
  const project = useProject();
  const name = useProjectInfo((info) => info.name);
  const phone = useIsPhone();
  useShortcuts();
  useJobResults();
  usePruned();
  useErrorToasts();
  useScriptingHook();
  useName();
  useEffect(() => project.guardUnload(), [project]);
  useEffect(() => {
    document.title = name ? `${name} – Maquette` : "Maquette";
  }, [name]);
  return (
    <DropZone
      title={`Drop to import into ${name || "this project"}`}
      onDrop={async (transfer) => importFiles(project, await droppedFiles(transfer))}
    >
      <div className="flex h-full flex-col">
        <TopBar />
        <Banner onReopen={onReopen} />
        <div className="relative flex min-h-0 flex-1">
          <Panel side="outliner" className="w-64 border-r max-sm:order-2">
            <Outliner />
          </Panel>
          <main className="relative min-w-0 flex-1">
            <Boundary fallback={(error, retry) => <NoViewport error={error} onRetry={retry} />}>
              <Suspense fallback={<Loading />}>
                <Viewport />
              </Suspense>
            </Boundary>
            <RefusedEdits />
            {phone && (
              <div className="absolute bottom-11 left-1/2 -translate-x-1/2 rounded-lg border border-line bg-panel/90 p-1">
                <Tools />
              </div>
            )}
          </main>
          <Panel side="inspector" className="w-72 border-l">
            <Inspector />
          </Panel>
        </div>
      </div>
      <Dialogs onReopen={onReopen} />
    </DropZone>
  );
}

/** Beside the viewport from 1024 px on; below that a drawer, on phones a sheet from below. */
function Panel({
  side,
  className,
  children,
}: {
  side: NonNullable<Drawer>;
  className: string;
  children: React.ReactNode;
}) {
  const open = useLocal((state) => state.drawer === side);
  return (
    <div
      data-panel={side}
      className={cn(
        "flex flex-col border-line bg-panel",
        "max-lg:absolute max-lg:inset-y-0 max-lg:z-30 max-lg:shadow-pop",
        side === "outliner" ? "max-lg:left-0" : "max-lg:right-0",
        "max-sm:inset-x-0 max-sm:top-auto max-sm:h-[46dvh] max-sm:w-auto max-sm:rounded-t-xl max-sm:border-x-0 max-sm:border-t",
        !open && "max-lg:hidden",
        className,
      )}
    >
      {children}
    </div>
  );
}

function Loading() {
  return (
    <div className="grid h-full place-items-center">
      <Spinner label="Preparing the viewport" />
    </div>
  );
}

/** A new name or colour shows at the others at once. */
function useName(): void {
  const project = useProject();
  const { name, color } = useIdentity((identity) => identity.me);
  useEffect(() => project.introduce(name, color), [project, name, color]);
}

/** `window.maquette` = { project, view }: the scripting hook of the browser's console and of end-to-end tests. */
function useScriptingHook(): void {
  const project = useProject();
  useEffect(() => {
    const hook = {
      project,
      get view() {
        return viewport();
      },
    };
    Object.assign(window, { maquette: hook });
    return () => {
      Reflect.deleteProperty(window, "maquette");
    };
  }, [project]);
}
