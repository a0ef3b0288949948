import type { Project } from "@core/project";
import { cn } from "@editor/lib/cn";
import { sentences } from "@editor/lib/format";
import { useProject } from "@editor/state/project";
import { askToSignIn } from "@editor/state/session";
import { useConnection, useStanding } from "@editor/state/status";
import { Button } from "@editor/ui/button";
import { CircleAlert, HardDrive, KeyRound, type LucideIcon, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";

/** What must not be overlooked: nothing more is being saved, or this window is not connected any more. */
export function Banner({ onReopen }: { onReopen(): void }) {
  const project = useProject();
  const { refusal, notSaving, kept, unsaved, words } = useConnection();
  const { ending } = useStanding();
  if (ending === "signed out") return <SignedOut kept={kept} unsaved={unsaved} />;
  if (refusal) return <Refused project={project} onReopen={onReopen} />;
  if (project.scene.readOnly) return <TooOld />;
  if (notSaving) return <NotSaving kept={kept} />;
  return words.startsWith("offline") ? <OfflineLine words={words} /> : null;
}

function SignedOut({ kept, unsaved }: { kept: boolean; unsaved: boolean }) {
  const unsavedWords = kept
    ? "What is not saved yet is kept in this browser."
    : "Keep this window open: what is not saved yet is only here.";
  return (
    <Line icon={KeyRound} tone="warn" action={<Button onClick={askToSignIn}>Sign in</Button>}>
      You were signed out. {unsaved ? unsavedWords : "Everything that you did is saved."}
    </Line>
  );
}

function Refused({ project, onReopen }: { project: Project; onReopen(): void }) {
  const { refusal, ending } = project.state.refusal ? { refusal: project.state.refusal, ending: project.ending } : {};
  return (
    <Line
      icon={ShieldAlert}
      tone="danger"
      action={
        <Button tone="danger" onClick={() => (ending === "replica" ? onReopen() : location.reload())}>
          Join again
        </Button>
      }
    >
      Not connected: {sentences(refusal?.message ?? "", refusal?.hint ?? "")}
    </Line>
  );
}

function TooOld() {
  return (
    <Line icon={CircleAlert} tone="warn" action={<Button onClick={() => location.reload()}>Reload</Button>}>
      You can look, but not change: this project was made by a newer Maquette. Reload the page, or update the server.
    </Line>
  );
}

function NotSaving({ kept }: { kept: boolean }) {
  return (
    <Line icon={HardDrive} tone="warn" testId="not-saving">
      {kept
        ? "Edits are kept here and not saved yet: the server cannot store anything at the moment. Work on; they are saved as soon as it can."
        : "Edits are not saved yet: the server cannot store anything at the moment. Keep this window open until it can."}
    </Line>
  );
}

interface LineProps {
  icon: LucideIcon;
  tone: "warn" | "danger";
  action?: ReactNode;
  testId?: string;
  children: ReactNode;
}

function Line({ icon: Icon, tone, action, testId, children }: LineProps) {
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      data-testid={testId}
      className={cn(
        "flex min-h-9 items-center gap-2 border-b border-line px-3 py-1.5",
        tone === "danger" ? "bg-danger-deep text-danger" : "bg-raised text-warn",
      )}
    >
      <Icon size={14} aria-hidden className="shrink-0" />
      <p className="min-w-0 flex-1">{children}</p>
      {action}
    </div>
  );
}

/** In words where the bar has room for a sign only. */
function OfflineLine({ words }: { words: string }) {
  return (
    <p className="border-b border-line bg-panel px-3 py-1 text-center text-warn md:hidden">
      {words === "offline, kept here"
        ? "Offline. Your changes are kept here and merge when the server is back."
        : "Offline. Your changes are only in this window: keep it open."}
    </p>
  );
}
