import { useLocal } from "@editor/state/local";
import { useNodes } from "@editor/state/project";
import { CameraSection } from "./camera-section";
import { ContentsSection } from "./contents-section";
import { LightSection } from "./light-section";
import { LodSection } from "./lod-section";
import { MaterialSection } from "./material-section";
import { MeshSection } from "./mesh-section";
import { NodeHeader } from "./node-header";
import { SceneInfo } from "./scene-info";
import { TransformSection } from "./transform-section";

/** Everything about the selection; about the scene while nothing is selected. */
export function Inspector() {
  const selection = useLocal((local) => local.selection);
  const nodes = useNodes(selection).filter((node) => !node.trashed);
  return (
    <aside aria-label="Inspector" data-testid="inspector" className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
      {nodes.length ? <Selected nodes={nodes} /> : <SceneInfo />}
    </aside>
  );
}

function Selected({ nodes }: { nodes: ReturnType<typeof useNodes> }) {
  const meshes = [...new Set(nodes.flatMap((node) => node.mesh ?? []))];
  const lights = [...new Set(nodes.flatMap((node) => node.light ?? []))];
  const cameras = [...new Set(nodes.flatMap((node) => node.camera ?? []))];
  const [node] = nodes;
  const [mesh] = meshes;
  return (
    <>
      <NodeHeader nodes={nodes} />
      <TransformSection nodes={nodes} />
      {nodes.length === 1 && !mesh && <ContentsSection nodes={nodes} />}
      {meshes.length > 0 && <MeshSection meshes={meshes} />}
      {node && mesh && meshes.length === 1 && (
        <MaterialSection key={mesh} mesh={mesh} node={nodes.length === 1 ? node : null} />
      )}
      {mesh && meshes.length === 1 && <LodSection mesh={mesh} />}
      {lights.length > 0 && <LightSection ids={lights} />}
      {cameras.length > 0 && <CameraSection ids={cameras} node={nodes.length === 1 ? node : undefined} />}
    </>
  );
}
