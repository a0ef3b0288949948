import { sceneMenu } from "@editor/commands/menus";
import { ActiveJobs } from "@editor/panels/jobs/active-jobs";
import { useProject } from "@editor/state/project";
import { viewport } from "@editor/state/viewport";
import { MenuAt } from "@editor/ui/menu";
import { type KeyboardEvent, useCallback, useRef, useState } from "react";
import { Announcer } from "./announcer";
import { EmptyScene } from "./empty-scene";
import { StatusLine } from "./status-line";
import { useSceneView } from "./use-scene-view";
import { useThumbnail } from "./use-thumbnail";
import { ViewMenu } from "./view-menu";

const TURN = Math.PI / 24;
const ORBITS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-TURN, 0],
  ArrowRight: [TURN, 0],
  ArrowUp: [0, -TURN],
  ArrowDown: [0, TURN],
};

/** The canvas with what lies over it. */
export default function Viewport() {
  const project = useProject();
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<{ x: number; y: number } | null>(null);
  const openMenu = useCallback((x: number, y: number) => setMenu({ x, y }), []);
  useSceneView(project, { canvas, overlay, onContextMenu: openMenu });
  useThumbnail(project);

  const onKeyDown = (event: KeyboardEvent) => {
    const orbit = ORBITS[event.key];
    if (!orbit || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    viewport()?.orbit(...orbit);
  };
  return (
    <div className="absolute inset-0 overflow-hidden bg-ground">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: the canvas is the application's working surface */}
      <canvas
        ref={canvas}
        data-testid="viewport"
        role="application"
        aria-label="3D viewport. Arrow keys orbit, F frames the selection."
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.focus({ preventScroll: true })}
        className="absolute inset-0 size-full touch-none outline-none select-none focus-visible:outline-2 focus-visible:outline-offset-[-2px]"
      />
      <div ref={overlay} aria-hidden className="pointer-events-none absolute inset-0 overflow-hidden" />
      <EmptyScene />
      <div className="pointer-events-none absolute right-2 bottom-2">
        <StatusLine />
      </div>
      <ActiveJobs />
      <ViewMenu />
      <Announcer />
      {menu && <MenuAt at={menu} entries={sceneMenu(project)} onClose={() => setMenu(null)} />}
    </div>
  );
}
