import { correctionOf } from "@core/corrections";
import type { Project } from "@core/project";
import type { Issue } from "@core/validation";
import { local } from "@editor/state/local";
import { useProblems } from "@editor/state/problems";
import { useProject } from "@editor/state/project";
import { useWhyNot } from "@editor/state/status";
import { Button, IconButton } from "@editor/ui/button";
import { TriangleAlert } from "lucide-react";
import { Popover } from "radix-ui";

const SHOWN = 100;

/** Values that the scene cannot use, where there are any: what they are, and a way to put them right. */
export function Problems() {
  const project = useProject();
  const issues = useProblems();
  const whyNot = useWhyNot();
  const fixable = issues.filter((issue) => correctionOf(project.scene, issue) !== undefined);
  if (!issues.length) return null;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton
          icon={TriangleAlert}
          label={`Problems: ${issues.length}`}
          data-testid="problems"
          className="text-warn"
        />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label="Problems"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-h-[70dvh] w-88 max-w-[calc(100vw-16px)] animate-rise flex-col rounded-lg border border-line bg-raised shadow-pop"
        >
          <div className="flex items-start gap-3 border-b border-line px-3 py-2">
            <div className="min-w-0 flex-1">
              <h2 className="font-semibold">Problems</h2>
              <p className="text-muted">The scene is shown with the usual value in their place.</p>
            </div>
            {fixable.length > 1 && (
              <Button reason={whyNot} onClick={() => correct(project, fixable)}>
                Fix all {fixable.length}
              </Button>
            )}
          </div>
          <ul className="min-h-0 divide-y divide-line overflow-y-auto">
            {issues.slice(0, SHOWN).map((issue) => (
              <Row key={`${issue.path.join("/")} ${issue.code}`} issue={issue} />
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Row({ issue }: { issue: Issue }) {
  const project = useProject();
  const whyNot = useWhyNot();
  const [root = "", id = "", ...rest] = issue.path;
  const node = root === "nodes" ? project.store.node(id) : undefined;
  const fixable = correctionOf(project.scene, issue) !== undefined;
  return (
    <li data-testid="problem" data-path={issue.path.join("/")} className="flex items-center gap-2 px-3 py-1.5">
      <div className="min-w-0 flex-1">
        {node ? (
          <button
            type="button"
            onClick={() => local().select([id])}
            className="block max-w-full truncate text-left font-semibold hover:text-accent-strong"
          >
            {node.name || "Unnamed"}
          </button>
        ) : (
          <p className="truncate font-semibold">{nameOf(project, root, id)}</p>
        )}
        <p className="truncate text-muted" title={issue.message}>
          {[rest.join(" · "), WORDS[issue.code]].filter(Boolean).join(": ")}
        </p>
      </div>
      {fixable && (
        <Button reason={whyNot} onClick={() => correct(project, [issue])}>
          Fix
        </Button>
      )}
    </li>
  );
}

const WORDS: Readonly<Record<Issue["code"], string>> = {
  bad_value: "a value that does not fit",
  not_a_record: "not a thing that the scene knows",
  unknown_root: "a part that the scene does not know",
  dangling: "points to something that is not there",
  orphan: "its parent is missing, so it shows at the top",
  cycle_broken: "moved into itself by two people at once",
};

function nameOf({ scene }: Project, root: string, id: string): string {
  const name = scene.roots.includes(root) ? scene.record(root, id)?.get("name") : undefined;
  return typeof name === "string" && name ? name : [root, id].filter(Boolean).join(" ");
}

/** One undoable edit. */
function correct(project: Project, issues: readonly Issue[]): void {
  project.edit(issues.length === 1 ? "Fix a problem" : "Fix problems", () => {
    for (const issue of issues) correctionOf(project.scene, issue)?.();
  });
}
