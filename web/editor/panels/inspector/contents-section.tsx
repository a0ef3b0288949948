import type { NodeSnapshot, SceneStore } from "@core/store";
import { count, plural } from "@editor/lib/format";
import { kindOf } from "@editor/panels/outliner/row";
import { local } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { Section } from "@editor/ui/section";
import { useMemo, useSyncExternalStore } from "react";
import { Fact } from "./mesh-section";

const SHOWN = 6;

/** What is inside of groups: in numbers, and the first of it to go on to. */
export function ContentsSection({ nodes }: { nodes: readonly NodeSnapshot[] }) {
  const { store } = useProject();
  const version = useSyncExternalStore(
    (listener) => store.subscribeAll(listener),
    () => store.version,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: version stands for the store's content
  const inside = useMemo(() => below(store, nodes), [store, nodes, version]);
  const things = inside.filter((node) => node.mesh || node.light || node.camera);
  const triangles = things.reduce(
    (sum, { mesh }) => sum + (mesh ? (store.mesh(mesh)?.revision?.triangles ?? 0) : 0),
    0,
  );
  if (!inside.length) return null;
  return (
    <Section id="contents" title="Contents" looking>
      <dl className="grid grid-cols-[92px_1fr] gap-x-2 gap-y-1">
        <Fact name="Nodes" value={count(inside.length)} />
        <Fact name="Triangles" value={count(triangles)} />
      </dl>
      <ul aria-label="Inside this group">
        {things.slice(0, SHOWN).map((node) => (
          <li key={node.id}>
            <Inside node={node} />
          </li>
        ))}
      </ul>
      {things.length > SHOWN && (
        <p className="text-xs text-faint">And {plural(things.length - SHOWN, "more", "more")} in the outliner.</p>
      )}
    </Section>
  );
}

function Inside({ node }: { node: NodeSnapshot }) {
  const { icon: Icon, label } = kindOf(node);
  return (
    <button
      type="button"
      title="Select"
      onClick={() => local().select([node.id])}
      className="-mx-1.5 flex h-6 w-[calc(100%+12px)] items-center gap-2 rounded-sm px-1.5 text-left text-muted hover:bg-raised hover:text-ink"
    >
      <Icon size={14} strokeWidth={1.75} aria-label={label} className="shrink-0 text-accent" />
      <span className="truncate">{node.name || "Unnamed"}</span>
    </button>
  );
}

/** Depth first, as the outliner shows it. */
function below(store: SceneStore, nodes: readonly NodeSnapshot[]): NodeSnapshot[] {
  const found: NodeSnapshot[] = [];
  const visit = (node: NodeSnapshot) => {
    for (const id of node.children) {
      const child = store.node(id);
      if (!child) continue;
      found.push(child);
      visit(child);
    }
  };
  nodes.forEach(visit);
  return found;
}
