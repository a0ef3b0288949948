import { capsOf } from "@editor/lib/keys";

/** A shortcut as key caps. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-0.5 text-2xs text-muted">
      {capsOf(keys).map((cap) => (
        <kbd key={cap} className="min-w-4 rounded-sm border border-edge bg-field px-1 text-center font-sans">
          {cap}
        </kbd>
      ))}
    </span>
  );
}
