import { renameProject, useProjectInfo } from "@editor/state/project-info";
import { useCanEdit } from "@editor/state/status";
import { TextField } from "@editor/ui/field";

/** The project's name, to be changed in place. */
export function ProjectName() {
  const { name, id } = useProjectInfo();
  const editable = useCanEdit();
  return (
    <h1 className="min-w-16 shrink max-sm:flex-1 sm:max-lg:w-36">
      <span className="sr-only">{name}</span>
      <TextField
        aria-label="Project name"
        data-testid="project-name"
        value={name}
        maxLength={256}
        disabled={!editable}
        style={{ width: `calc(${Math.min(32, Math.max(8, name.length + 1))}ch + 20px)` }}
        onCommit={(next) => next.trim() && renameProject(id, next.trim())}
        className="h-7 max-w-full truncate bg-transparent text-base font-semibold"
      />
    </h1>
  );
}
