import { useProject } from "@editor/state/project";
import { useEffect, useRef } from "react";

const SIDE = 64;

/** A small picture of an image blob, scaled while it is decoded and drawn without an address of its own. */
export function Thumbnail({ image, mimeType }: { image: string; mimeType: string }) {
  const { blobs } = useProject();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let gone = false;
    const draw = async () => {
      const bytes = await blobs.get(image);
      const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mimeType });
      const bitmap = await createImageBitmap(blob, { resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: "medium" });
      if (!gone) canvas.current?.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
    };
    draw().catch((error: unknown) => console.warn(`No thumbnail of ${image}:`, error));
    return () => {
      gone = true;
    };
  }, [blobs, image, mimeType]);
  return <canvas ref={canvas} width={SIDE} height={SIDE} aria-hidden className="size-full" />;
}
