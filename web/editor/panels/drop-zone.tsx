import { carriesFiles } from "@editor/lib/dropped-files";
import { toastError } from "@editor/state/toasts";
import { FileDown } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";

interface DropZoneProps {
  title: string;
  onDrop(transfer: DataTransfer): Promise<void>;
  children: ReactNode;
}

/** Takes files that are dropped anywhere inside, and says so while they hover. */
export function DropZone({ title, onDrop, children }: DropZoneProps) {
  const [aimed, setAimed] = useState(false);
  const depth = useRef(0);
  const settle = (change: number) => {
    depth.current = change === 0 ? 0 : depth.current + change;
    setAimed(depth.current > 0);
  };
  const enter = (event: DragEvent) => carriesFiles(event.dataTransfer) && settle(1);
  const leave = (event: DragEvent) => carriesFiles(event.dataTransfer) && depth.current > 0 && settle(-1);
  const over = (event: DragEvent) => {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const drop = (event: DragEvent) => {
    settle(0);
    if (event.defaultPrevented || !carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    onDrop(event.dataTransfer).catch((error: unknown) => toastError("The files could not be read", error));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has its counterpart in the buttons that choose files
    <div onDragEnter={enter} onDragLeave={leave} onDragOver={over} onDrop={drop} className="h-full">
      {children}
      {aimed && (
        <div className="pointer-events-none fixed inset-0 z-50 grid animate-fade place-items-center bg-ground/70 p-6">
          <div className="flex flex-col items-center gap-2 rounded-xl border-2 border-dashed border-accent bg-panel px-10 py-8 text-center text-base">
            <FileDown size={28} strokeWidth={1.5} className="text-accent" aria-hidden />
            <p className="font-semibold">{title}</p>
            <p className="text-muted">Files, folders and zips; textures come along.</p>
          </div>
        </div>
      )}
    </div>
  );
}
