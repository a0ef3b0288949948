import { bytes, count, dimensions, plural } from "@editor/lib/format";
import { useMesh, useProject } from "@editor/state/project";
import { Section } from "@editor/ui/section";
import { useMemo } from "react";

/** What the selected meshes weigh. */
export function MeshSection({ meshes }: { meshes: readonly string[] }) {
  return (
    <Section id="mesh" title={meshes.length > 1 ? plural(meshes.length, "mesh", "meshes") : "Mesh"}>
      {meshes.length === 1 && meshes[0] ? <One id={meshes[0]} /> : <Sum ids={meshes} />}
    </Section>
  );
}

function One({ id }: { id: string }) {
  const mesh = useMesh(id);
  const users = useUsers(id);
  const revision = mesh?.revision;
  if (!mesh || !revision) return <p className="text-muted">This mesh has no geometry yet.</p>;
  const size = [0, 1, 2].map((i) => (revision.max[i] ?? 0) - (revision.min[i] ?? 0));
  return (
    <dl className="grid grid-cols-[92px_1fr] gap-x-2 gap-y-1">
      <Fact name="Name" value={mesh.name || "Unnamed"} />
      <Fact name="Triangles" value={count(revision.triangles)} />
      <Fact name="Vertices" value={verticesOf(revision)} />
      <Fact name="Size" value={dimensions(size)} />
      <Fact name="Stored" value={bytes(revision.bytes)} />
      {users > 1 && <Fact name="Used by" value={plural(users, "node")} />}
    </dl>
  );
}

/** Seams make several vertices of one position. */
function verticesOf({ vertices, positions }: { vertices: number; positions: number }): string {
  return positions === vertices ? count(vertices) : `${count(vertices)} (${count(positions)} positions)`;
}

function Sum({ ids }: { ids: readonly string[] }) {
  const { store } = useProject();
  const revisions = ids.flatMap((id) => store.mesh(id)?.revision ?? []);
  const sum = (key: "triangles" | "vertices" | "bytes") => revisions.reduce((all, revision) => all + revision[key], 0);
  return (
    <dl className="grid grid-cols-[92px_1fr] gap-x-2 gap-y-1">
      <Fact name="Triangles" value={count(sum("triangles"))} />
      <Fact name="Vertices" value={count(sum("vertices"))} />
      <Fact name="Stored" value={bytes(sum("bytes"))} />
    </dl>
  );
}

export function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="truncate text-muted">{name}</dt>
      <dd className="truncate" title={value}>
        {value}
      </dd>
    </>
  );
}

/** Counted when the mesh or the set of nodes changes; a count one edit late harms nobody. */
function useUsers(mesh: string): number {
  const { store } = useProject();
  const nodes = store.nodeIds();
  return useMemo(
    () => nodes.filter((id) => store.node(id)?.mesh === mesh && !store.node(id)?.trashed).length,
    [store, nodes, mesh],
  );
}
