import type { MaterialSnapshot, TextureSnapshot } from "@core/store";
import { assignTexture, type TextureSlot, uploadTexture } from "@editor/commands/texture";
import { cn } from "@editor/lib/cn";
import { carriesFiles } from "@editor/lib/dropped-files";
import { TEXTURE_ACCEPT } from "@editor/lib/texture-file";
import { useIds, useProject, useTexture } from "@editor/state/project";
import { IconButton } from "@editor/ui/button";
import { Spinner } from "@editor/ui/feedback";
import { Dropdown, type MenuEntry } from "@editor/ui/menu";
import { ImageOff, ImagePlus, SlidersHorizontal, X } from "lucide-react";
import { useState } from "react";
import { TexturePlacement } from "./texture-placement";
import { Thumbnail } from "./thumbnail";

interface TextureRowProps {
  material: MaterialSnapshot;
  field: TextureSlot;
  label: string;
}

/** One texture of a material: drop an image on it, upload one, or take one of the project's. */
export function TextureRow({ material, field, label }: TextureRowProps) {
  const project = useProject();
  const [busy, setBusy] = useState(false);
  const [aimed, setAimed] = useState(false);
  const [open, setOpen] = useState(false);
  const id = material[field]?.texture ?? null;
  const texture = useTexture(id);

  const upload = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    await uploadTexture(project, material.id, field, file);
    setBusy(false);
  };
  return (
    <>
      <fieldset
        aria-label={`${label} texture`}
        data-testid={`material-${field}`}
        onDragOver={(event) => {
          if (!carriesFiles(event.dataTransfer)) return;
          event.preventDefault();
          event.stopPropagation();
          setAimed(true);
        }}
        onDragLeave={() => setAimed(false)}
        onDrop={(event) => {
          if (event.currentTarget.matches(":disabled, :disabled *")) return;
          event.preventDefault();
          event.stopPropagation();
          setAimed(false);
          void upload(event.dataTransfer.files[0]);
        }}
        className={cn("flex h-9 min-w-0 items-center gap-1 rounded-md", aimed && "bg-accent-deep ring-1 ring-accent")}
      >
        <Preview texture={texture} />
        <span className="ml-1 min-w-0 flex-1">
          <span className="block truncate">{label}</span>
          <span className="block truncate text-xs text-faint">
            {busy ? <Spinner label="Uploading" /> : describe(texture)}
          </span>
        </span>
        <Dropdown
          align="end"
          entries={useChoices(material.id, field, upload)}
          trigger={<IconButton icon={ImagePlus} small label={`${label} texture: choose`} />}
        />
        {id && (
          <IconButton
            icon={SlidersHorizontal}
            small
            label={`${label} texture: placement`}
            pressed={open}
            aria-expanded={open}
            data-testid={`material-${field}-options`}
            onClick={() => setOpen(!open)}
          />
        )}
        {id && (
          <IconButton
            icon={X}
            small
            label={`Remove ${label.toLowerCase()} texture`}
            onClick={() => assignTexture(project, material.id, field, null)}
          />
        )}
      </fieldset>
      {id && open && <TexturePlacement material={material} field={field} label={label} />}
    </>
  );
}

function describe(texture: TextureSnapshot | undefined): string {
  if (!texture) return "None";
  return texture.width ? `${texture.width} × ${texture.height}  ${texture.name}` : texture.name || "Image";
}

function Preview({ texture }: { texture: TextureSnapshot | undefined }) {
  return (
    <span className="grid size-8 shrink-0 place-items-center overflow-hidden rounded-sm border border-line bg-field text-faint">
      {texture?.image ? (
        <Thumbnail image={texture.image} mimeType={texture.mimeType} />
      ) : (
        <ImageOff size={14} aria-hidden />
      )}
    </span>
  );
}

function useChoices(material: string, field: TextureSlot, upload: (file: File | undefined) => void): MenuEntry[] {
  const project = useProject();
  const ids = useIds("textures");
  const known = ids.slice(0, 60).map((id) => ({
    label: project.store.texture(id)?.name || "Image",
    run: () => assignTexture(project, material, field, id),
  }));
  const first: MenuEntry = { label: "Upload an image…", icon: ImagePlus, run: () => pickImage(upload) };
  return known.length ? [first, "-", { heading: "In this project" }, ...known] : [first];
}

function pickImage(upload: (file: File | undefined) => void): void {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: TEXTURE_ACCEPT });
  input.addEventListener("change", () => upload(input.files?.[0]));
  input.click();
}
