import { hexOf } from "@editor/lib/colour";
import { useMaterial } from "@editor/state/project";

/** A dot in the base colour of a material; empty for none. */
export function Swatch({ material }: { material: string | null }) {
  const snapshot = useMaterial(material);
  return (
    <span
      aria-hidden
      className="size-3.5 shrink-0 rounded-full border border-edge"
      style={{ background: snapshot ? hexOf(snapshot.baseColorFactor) : "transparent" }}
    />
  );
}
