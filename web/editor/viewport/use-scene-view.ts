import type { Project } from "@core/project";
import { SceneView, type Tool, type TransformChange, type ViewCallbacks } from "@core/view/view";
import { pick } from "@editor/commands/select";
import { setTransforms } from "@editor/commands/transform";
import { throttle } from "@editor/lib/throttle";
import { local, useLocal } from "@editor/state/local";
import { takePose } from "@editor/state/pose";
import { canEdit } from "@editor/state/status";
import { toast } from "@editor/state/toasts";
import { setViewport, useViewStats } from "@editor/state/viewport";
import { LIVE_INTERVAL } from "@editor/ui/number-field";
import { type RefObject, useEffect } from "react";

/** What people see of each other: about ten times a second. */
const PRESENCE_INTERVAL = 100;

interface Elements {
  canvas: RefObject<HTMLCanvasElement | null>;
  overlay: RefObject<HTMLDivElement | null>;
  onContextMenu(x: number, y: number): void;
}

/** Makes the 3D view of the project and keeps it in step with this window's state and with other people. */
export function useSceneView(project: Project, { canvas, overlay, onContextMenu }: Elements): void {
  useEffect(() => {
    if (!canvas.current || !overlay.current) return;
    const view = new SceneView({
      canvas: canvas.current,
      overlay: overlay.current,
      store: project.store,
      blobs: project.blobs,
      callbacks: callbacks(project, onContextMenu),
    });
    setViewport(view);
    const stops = [followLocal(view, project), followPeople(view, project)];
    let gone = false;
    // A refusal is told by the banner.
    const pose = takePose(project.id);
    if (pose) view.camera = pose;
    project.ready().then(
      () => gone || pose || view.frame(),
      () => {},
    );
    return () => {
      gone = true;
      for (const stop of stops) stop();
      setViewport(null);
      view.dispose();
    };
  }, [project, canvas, overlay, onContextMenu]);
}

function followLocal(view: SceneView, project: Project): () => void {
  let shown: Tool | null = null;
  const setTool = () => {
    const next = canEdit(project) ? local().tool : "select";
    if (next !== shown) view.setTool(next);
    shown = next;
  };
  const apply = (state: ReturnType<typeof local>, before?: ReturnType<typeof local>) => {
    const changed = (...keys: (keyof typeof state)[]) => !before || keys.some((key) => state[key] !== before[key]);
    if (changed("tool")) setTool();
    if (changed("space")) view.setSpace(state.space);
    if (changed("grid")) view.setGrid(state.grid);
    if (changed("shading")) view.setShading(state.shading);
    if (changed("level")) view.setLevel(state.level);
    if (changed("budget")) view.setTriangleBudget(state.budget);
    if (changed("selection")) view.setSelection(state.selection);
    if (changed("snapping", "snap")) {
      const { translate, rotate, scale } = state.snap;
      view.setSnap(state.snapping ? { translate, rotate: (rotate * Math.PI) / 180, scale } : null);
    }
  };
  apply(local());
  const stops = [useLocal.subscribe(apply), project.subscribe(setTool)];
  return () => {
    for (const stop of stops) stop();
  };
}

function followPeople(view: SceneView, project: Project): () => void {
  const { presence } = project;
  let shown = "[]";
  const show = () => {
    const people = peopleIn(presence);
    // Our own presence and the peers' change too, and a large scene takes long to draw.
    const words = JSON.stringify(people);
    if (words !== shown) view.setPeople(people);
    shown = words;
  };
  const tell = (state: { selection: readonly string[]; tool: string }) =>
    presence.setLocal({ selection: [...state.selection], tool: state.tool });
  show();
  tell(local());
  const stopPeople = presence.subscribe(show);
  const stopLocal = useLocal.subscribe((state, before) => {
    if (state.selection !== before.selection || state.tool !== before.tool) tell(state);
  });
  return () => {
    stopPeople();
    stopLocal();
  };
}

const peopleIn = (presence: Project["presence"]) =>
  presence
    .people()
    .filter((person) => person.user.kind !== "peer")
    .map(({ client, user, selection, camera, pointer }) => ({
      ...user,
      id: `${client}`,
      selection,
      ...(camera && { camera }),
      ...(pointer && { pointer }),
    }));

let gestures = 0;

function callbacks(project: Project, onContextMenu: (x: number, y: number) => void): ViewCallbacks {
  let gesture = "";
  const write = throttle<ReadonlyMap<string, TransformChange>>(LIVE_INTERVAL, (changes) =>
    setTransforms(project, changes, gesture),
  );
  const camera = throttle<{ position: Vec3; target: Vec3 }>(PRESENCE_INTERVAL, (pose) =>
    project.presence.setLocal({ camera: pose }),
  );
  const pointer = throttle<Vec3 | null>(PRESENCE_INTERVAL, (point) => project.presence.setLocal({ pointer: point }));
  return {
    onPick: pick,
    onTransformStart: () => {
      gesture = `gizmo-${++gestures}`;
    },
    onTransform: (changes) => write(new Map(changes)),
    onTransformEnd: () => write.flush(),
    onCameraChange: (pose) => camera({ position: pose.position, target: pose.target }),
    onPointer: (point) => pointer(point),
    onContextMenu: (id, x, y) => {
      // On the ground: the menu of the scene.
      if (!id || !local().selection.includes(id)) local().select(id ? [id] : []);
      onContextMenu(x, y);
    },
    onStats: (stats) => useViewStats.setState({ stats }),
    onProblem: ({ what, message }) =>
      toast(what === "geometry" ? "A mesh could not be loaded" : "A texture could not be loaded", {
        tone: "warn",
        detail: message,
      }),
  };
}

type Vec3 = readonly [number, number, number];
