import type { Project } from "@core/project";
import { keepThumbnail, shrunk } from "@editor/state/thumbnails";
import { viewport } from "@editor/state/viewport";
import { useEffect } from "react";

/** After the last change or camera move, once things have settled. */
const PAUSE = 4000;

/** Keeps a picture of the scene for the start page. */
export function useThumbnail(project: Project): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // What is still arriving would be drawn twice, and late.
        if (viewport()?.stats().loading) later();
        else take(project).catch((error: unknown) => console.warn("No thumbnail:", error));
      }, PAUSE);
    };
    const stop = project.store.subscribeAll(later);
    later();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [project]);
}

async function take(project: Project): Promise<void> {
  const view = viewport();
  if (!view || !project.store.roots().length || document.hidden) return;
  const bitmap = await createImageBitmap(await view.screenshot(640, 400));
  keepThumbnail(project.id, shrunk(bitmap));
  bitmap.close();
}
