import type { ProjectInfo } from "@core/api";
import { ago, moment } from "@editor/lib/format";
import { duplicate, rename, trash } from "@editor/state/projects";
import { followLink, navigate } from "@editor/state/router";
import { thumbnailOf } from "@editor/state/thumbnails";
import { IconButton } from "@editor/ui/button";
import { CONTROL } from "@editor/ui/field";
import { Context, Dropdown, type MenuEntry } from "@editor/ui/menu";
import { Copy, Ellipsis, FolderOpen, PenLine, Trash2 } from "lucide-react";
import { useState } from "react";
import { ProjectArt } from "./art";

export function Card({ project, now }: { project: ProjectInfo; now: number }) {
  const [renaming, setRenaming] = useState(false);
  const name = project.name || "Untitled";
  const entries: MenuEntry[] = [
    { label: "Open", icon: FolderOpen, run: () => navigate(`/p/${project.id}`) },
    { label: "Rename", icon: PenLine, focuses: true, run: () => setRenaming(true) },
    { label: "Duplicate", icon: Copy, run: () => void duplicate(project) },
    "-",
    { label: "Delete", icon: Trash2, danger: true, run: () => void trash(project) },
  ];
  return (
    <Context entries={() => entries}>
      <article
        data-testid="project-card"
        data-project-id={project.id}
        className="group relative overflow-hidden rounded-lg border border-line bg-panel transition-colors focus-within:border-edge hover:border-edge"
      >
        <a href={`/p/${project.id}`} onClick={followLink} className="block rounded-lg" aria-label={`Open ${name}`}>
          <div className="aspect-16/10 overflow-hidden border-b border-line bg-ground">
            <Picture project={project.id} />
          </div>
        </a>
        <div className="flex h-13 items-center gap-1 pr-1.5 pl-3">
          <div className="min-w-0 flex-1">
            {renaming ? (
              <NameInput project={project} onDone={() => setRenaming(false)} />
            ) : (
              <h2 className="truncate text-base font-semibold">{name}</h2>
            )}
            <p className="truncate text-muted" title={moment(project.changed)}>
              Changed {ago(project.changed, now)}
            </p>
          </div>
          <Dropdown
            align="end"
            entries={entries}
            trigger={<IconButton icon={Ellipsis} label={`Options of ${name}`} />}
          />
        </div>
      </article>
    </Context>
  );
}

function Picture({ project }: { project: string }) {
  const thumbnail = thumbnailOf(project);
  if (!thumbnail) return <ProjectArt id={project} />;
  return (
    <img
      src={thumbnail}
      alt=""
      className="size-full object-cover transition-transform duration-300 group-hover:scale-[1.02]"
    />
  );
}

function NameInput({ project, onDone }: { project: ProjectInfo; onDone(): void }) {
  const [name, setName] = useState(project.name);
  const finish = () => {
    onDone();
    if (name.trim() && name.trim() !== project.name) void rename(project, name.trim());
  };
  return (
    <input
      aria-label="Project name"
      value={name}
      maxLength={256}
      ref={(input) => {
        if (!input || document.activeElement === input) return;
        input.focus();
        input.select();
      }}
      onChange={(event) => setName(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
        if (event.key === "Escape") onDone();
      }}
      className={`${CONTROL} text-base`}
    />
  );
}
