import type { SceneStore } from "@core/store";
import { count } from "@editor/lib/format";
import { useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { useCanEdit } from "@editor/state/status";
import { Empty } from "@editor/ui/feedback";
import { Row } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";
import { MousePointerClick } from "lucide-react";
import { useMemo, useSyncExternalStore } from "react";
import { Fact } from "./mesh-section";

/** The inspector while nothing is selected: the scene in numbers, and how it is drawn here. */
export function SceneInfo() {
  const project = useProject();
  const version = useSyncExternalStore(
    (listener) => project.store.subscribeAll(listener),
    () => project.store.version,
  );
  const canEdit = useCanEdit();
  // biome-ignore lint/correctness/useExhaustiveDependencies: version stands for the store's content
  const stats = useMemo(() => statsOf(project.store), [project.store, version]);
  return (
    <>
      <Empty icon={MousePointerClick} title="Nothing selected">
        <p>Click something in the scene or the outliner to see {canEdit ? "and change it" : "it"} here.</p>
      </Empty>
      <div className="border-t border-line" />
      <Section id="scene" title="Scene">
        <dl className="grid grid-cols-[92px_1fr] gap-x-2 gap-y-1">
          <Fact name="Nodes" value={count(stats.nodes)} />
          <Fact name="Meshes" value={count(stats.meshes)} />
          <Fact name="Materials" value={count(project.store.ids("materials").length)} />
          <Fact name="Triangles" value={count(stats.triangles)} />
          <Fact name="Vertices" value={count(stats.vertices)} />
        </dl>
      </Section>
      <Display />
    </>
  );
}

function Display() {
  const budget = useLocal((local) => local.budget);
  const set = useLocal((local) => local.set);
  return (
    <Section id="display" title="Display" looking>
      <Row label="Budget" hint="Levels of detail are chosen so that at most this many triangles are drawn.">
        <NumberField
          label="Triangle budget in millions"
          prefix="≤"
          values={[budget / 1e6]}
          min={0.05}
          max={50}
          step={0.1}
          unit="M"
          testId="triangle-budget"
          onChange={([value = 2]) => set({ budget: Math.round(value * 1e6) })}
        />
      </Row>
    </Section>
  );
}

/** Over unique meshes of live nodes, as the API counts. */
function statsOf(store: SceneStore) {
  const stats = { nodes: 0, meshes: 0, triangles: 0, vertices: 0 };
  const meshes = new Set<string>();
  const stack = [...store.roots()];
  for (let id = stack.pop(); id; id = stack.pop()) {
    const node = store.node(id);
    if (!node) continue;
    stats.nodes++;
    if (node.mesh) meshes.add(node.mesh);
    stack.push(...node.children);
  }
  for (const id of meshes) {
    const revision = store.mesh(id)?.revision;
    stats.meshes++;
    stats.triangles += revision?.triangles ?? 0;
    stats.vertices += revision?.vertices ?? 0;
  }
  return stats;
}
