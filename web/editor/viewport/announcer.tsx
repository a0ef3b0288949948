import { plural } from "@editor/lib/format";
import { useLocal } from "@editor/state/local";
import { useNode } from "@editor/state/project";

/** Says aloud what is selected. */
export function Announcer() {
  const selection = useLocal((local) => local.selection);
  const node = useNode(selection[0]);
  const text =
    selection.length > 1
      ? `${plural(selection.length, "node")} selected`
      : node
        ? `${node.name || "Unnamed"} selected`
        : "Nothing selected";
  return (
    <p aria-live="polite" className="sr-only">
      {text}
    </p>
  );
}
