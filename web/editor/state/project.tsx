/** The open project for React: one subscription per id, so that an edit renders what shows it and nothing else. */

import type { Project } from "@core/project";
import type {
  CameraSnapshot,
  LightSnapshot,
  LodSnapshot,
  MaterialSnapshot,
  MeshSnapshot,
  NodeSnapshot,
  TextureSnapshot,
} from "@core/store";
import { createContext, type ReactNode, useCallback, useContext, useRef, useSyncExternalStore } from "react";

const ProjectContext = createContext<Project | null>(null);

export function ProjectProvider({ project, children }: { project: Project; children: ReactNode }) {
  return <ProjectContext value={project}>{children}</ProjectContext>;
}

export function useProject(): Project {
  const project = useContext(ProjectContext);
  if (!project) throw new Error("useProject is for components below ProjectProvider");
  return project;
}

/** Re-reads whenever the store's `key` changes. `read` gives the same object until then. */
function useKey<T>(key: string, read: () => T): T {
  const { store } = useProject();
  const subscribe = useCallback((listener: () => void) => store.subscribe(key, listener), [store, key]);
  return useSyncExternalStore(subscribe, read);
}

type Id = string | null | undefined;

export function useNode(id: Id): NodeSnapshot | undefined {
  const { store } = useProject();
  return useKey(`nodes/${id}`, () => (id ? store.node(id) : undefined));
}

export function useMesh(id: Id): MeshSnapshot | undefined {
  const { store } = useProject();
  return useKey(`meshes/${id}`, () => (id ? store.mesh(id) : undefined));
}

export function useMaterial(id: Id): MaterialSnapshot | undefined {
  const { store } = useProject();
  return useKey(`materials/${id}`, () => (id ? store.material(id) : undefined));
}

export function useTexture(id: Id): TextureSnapshot | undefined {
  const { store } = useProject();
  return useKey(`textures/${id}`, () => (id ? store.texture(id) : undefined));
}

export function useLod(mesh: Id): LodSnapshot | undefined {
  const { store } = useProject();
  return useKey(`lod/${mesh}`, () => (mesh ? store.lod(mesh) : undefined));
}

export function useTrash(): readonly string[] {
  const { store } = useProject();
  return useKey("trash", () => store.trash());
}

export function useRoots(): readonly string[] {
  const { store } = useProject();
  return useKey("roots", () => store.roots());
}

export function useIds(root: "meshes" | "materials" | "textures"): readonly string[] {
  const { store } = useProject();
  return useKey(root, () => store.ids(root));
}

/** The nodes of a list that exist. */
export function useNodes(ids: readonly string[]): readonly NodeSnapshot[] {
  const { store } = useProject();
  return useList("nodes", ids, (id) => store.node(id));
}

export function useLights(ids: readonly string[]): readonly LightSnapshot[] {
  const { store } = useProject();
  return useList("lights", ids, (id) => store.light(id));
}

export function useCameras(ids: readonly string[]): readonly CameraSnapshot[] {
  const { store } = useProject();
  return useList("cameras", ids, (id) => store.camera(id));
}

/** Snapshots of many ids: the same array while its items are the same. */
function useList<T>(root: string, ids: readonly string[], read: (id: string) => T | undefined): readonly T[] {
  const { store } = useProject();
  const last = useRef<readonly T[]>([]);
  const subscribe = useCallback(
    (listener: () => void) => {
      const stops = ids.map((id) => store.subscribe(`${root}/${id}`, listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    [store, root, ids],
  );
  return useSyncExternalStore(subscribe, () => {
    const next = ids.flatMap((id) => read(id) ?? []);
    const same = next.length === last.current.length && next.every((item, i) => item === last.current[i]);
    if (!same) last.current = next;
    return last.current;
  });
}
