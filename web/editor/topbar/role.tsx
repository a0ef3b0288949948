import { useStanding } from "@editor/state/status";
import { Tip } from "@editor/ui/tip";
import { Eye, MessageSquare } from "lucide-react";

/** What one may do here, where that is less than everything: said once, calmly. */
export function Role() {
  const { role } = useStanding();
  if (role !== "viewer" && role !== "commenter") return null;
  const viewing = role === "viewer";
  const Icon = viewing ? Eye : MessageSquare;
  const words = viewing ? "You can view" : "You can comment";
  return (
    <Tip label="Everything moves for you as others work. To change the scene, ask an owner of the project.">
      <span
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip is for the keyboard too
        tabIndex={0}
        data-testid="role"
        data-role={role}
        className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full bg-accent-deep px-2.5 text-accent-strong max-sm:px-1.5"
      >
        <Icon size={14} aria-hidden />
        <span className="whitespace-nowrap max-md:sr-only">{words}</span>
      </span>
    </Tip>
  );
}
