import { useAccountEntries } from "@editor/accounts/account-menu";
import { actionOf } from "@editor/commands/actions";
import { redo, undo } from "@editor/commands/history";
import { entryOf } from "@editor/commands/menus";
import { JobsMenu } from "@editor/panels/jobs/jobs-menu";
import { useHistory } from "@editor/state/history";
import { local, useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { followLink } from "@editor/state/router";
import { useAccounts } from "@editor/state/session";
import { useCanEdit, useWhyNot } from "@editor/state/status";
import { useIsPhone } from "@editor/state/use-media";
import { Button, IconButton } from "@editor/ui/button";
import { Dropdown } from "@editor/ui/menu";
import { Tip } from "@editor/ui/tip";
import { Download, Ellipsis, House, PanelLeft, PanelRight, Redo2, Undo2 } from "lucide-react";
import { People } from "./people";
import { Problems } from "./problems";
import { ProjectName } from "./project-name";
import { Role } from "./role";
import { Share } from "./share";
import { Status } from "./status";
import { Tools } from "./tools";

export function TopBar() {
  const project = useProject();
  const phone = useIsPhone();
  const withAccounts = useAccounts();
  const accountEntries = useAccountEntries();
  // Menus ask their actions when this bar renders.
  useCanEdit();
  const drawer = useLocal((state) => state.drawer);
  const toggle = (side: "outliner" | "inspector") => local().set({ drawer: drawer === side ? null : side });
  return (
    <header className="relative z-20 flex h-11 shrink-0 items-center gap-1 border-b border-line bg-panel px-2">
      <Tip label="All projects">
        <a
          href="/"
          onClick={followLink}
          aria-label="All projects"
          className="grid size-7 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
        >
          <House size={16} strokeWidth={1.75} aria-hidden />
        </a>
      </Tip>
      <span className="lg:hidden">
        <IconButton
          icon={PanelLeft}
          label="Outliner"
          pressed={drawer === "outliner"}
          onClick={() => toggle("outliner")}
          data-testid="toggle-outliner"
        />
      </span>
      <ProjectName />
      <Divider className="max-sm:hidden" />
      <History />
      <Divider className="max-sm:hidden" />
      <div className="flex min-w-0 flex-1 justify-center">{!phone && <Tools />}</div>
      <Role />
      <Status />
      <Problems />
      <People />
      <Share />
      <JobsMenu />
      <Button
        icon={Download}
        data-testid="export"
        className="max-lg:hidden"
        onClick={() => actionOf("export").run(project)}
      >
        Export
      </Button>
      <Dropdown
        align="end"
        trigger={<IconButton icon={Ellipsis} label="More" data-testid="more" />}
        entries={[
          entryOf(project, "import"),
          entryOf(project, "export"),
          "-",
          entryOf(project, "palette"),
          entryOf(project, "shortcuts"),
          "-",
          { label: "Your name and colour…", run: () => local().set({ dialog: { kind: "identity" } }) },
          ...(withAccounts ? accountEntries : []),
        ]}
      />
      <span className="lg:hidden">
        <IconButton
          icon={PanelRight}
          label="Inspector"
          pressed={drawer === "inspector"}
          onClick={() => toggle("inspector")}
          data-testid="toggle-inspector"
        />
      </span>
    </header>
  );
}

export function Divider({ className = "" }: { className?: string }) {
  return <span aria-hidden className={`mx-1 h-5 w-px shrink-0 bg-line ${className}`} />;
}

function History() {
  const project = useProject();
  const whyNot = useWhyNot();
  const { canUndo, canRedo, undoLabel, redoLabel } = useHistory();
  const named = (verb: string, label: string) => (label ? `${verb}: ${label}` : verb);
  return (
    <>
      <IconButton
        icon={Undo2}
        label={named("Undo", undoLabel)}
        keys="Mod+Z"
        disabled={!canUndo && !whyNot}
        reason={whyNot}
        data-testid="undo"
        onClick={() => undo(project)}
      />
      <IconButton
        icon={Redo2}
        label={named("Redo", redoLabel)}
        keys="Mod+Shift+Z"
        disabled={!canRedo && !whyNot}
        reason={whyNot}
        data-testid="redo"
        onClick={() => redo(project)}
      />
    </>
  );
}
