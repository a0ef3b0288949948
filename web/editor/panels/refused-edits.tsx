import type { Again } from "@core/apply-again";
import { nodesOf, sizeOf } from "@core/kept-edits";
import type { RefusedEdits as Item } from "@core/shelf";
import { discard, makeAgain, namesIn, saveAsFile } from "@editor/commands/refused";
import { ago, plural } from "@editor/lib/format";
import { useNodes, useProject } from "@editor/state/project";
import { useWhyNot } from "@editor/state/status";
import { toast } from "@editor/state/toasts";
import { Button } from "@editor/ui/button";
import { FileWarning } from "lucide-react";
import { useMemo, useState, useSyncExternalStore } from "react";

const NAMES = 3;

/** Over the viewport: what the server refused, and what can be done about it. Nothing is lost without being asked. */
export function RefusedEdits() {
  const { shelf } = useProject();
  const items = useSyncExternalStore(
    (listener) => shelf.subscribe(listener),
    () => shelf.items,
  );
  if (!items.length) return null;
  return (
    <div className="pointer-events-none absolute inset-x-2 top-2 z-10 flex flex-col items-center gap-2 max-lg:top-12">
      {items.slice(0, 2).map((item) => (
        <Card key={item.id} item={item} />
      ))}
      {items.length > 2 && (
        <p className="rounded-md bg-panel px-2 py-1 text-muted shadow-pop">and {items.length - 2} more</p>
      )}
    </div>
  );
}

function Card({ item }: { item: Item }) {
  const project = useProject();
  const [result, setResult] = useState<Again | null>(null);
  const { changes } = sizeOf(item.edits);
  const apply = () => {
    const again = makeAgain(project, item);
    if (again.theirs.length + again.unfit.length > 0) setResult(again);
    else {
      void project.shelf.remove(item.id);
      toast(`${plural(changes, "change")} made again`, { tone: "ok" });
    }
  };
  return (
    <section
      aria-label="Changes that were not saved"
      data-testid="refused-edits"
      className="pointer-events-auto w-full max-w-md animate-rise rounded-lg border border-edge bg-raised p-3 shadow-pop"
    >
      <div className="flex items-start gap-2.5">
        <FileWarning size={18} strokeWidth={1.75} aria-hidden className="mt-0.5 shrink-0 text-warn" />
        <div className="min-w-0 flex-1" aria-live="polite">
          {result ? <Result again={result} /> : <Offer item={item} />}
        </div>
      </div>
      <div className="mt-3 flex flex-wrap justify-end gap-2">
        {result ? <AfterApply item={item} /> : <Choices item={item} onApply={apply} />}
      </div>
    </section>
  );
}

function Offer({ item }: { item: Item }) {
  const project = useProject();
  const { changes } = sizeOf(item.edits);
  const ids = useMemo(() => nodesOf(item.edits), [item]);
  useNodes(ids); // names come, and change, after the card
  const names = namesIn(project, item.edits);
  const rest = names.length - NAMES;
  return (
    <>
      <h2 className="text-base font-semibold">
        {plural(changes, "change")} of yours {changes === 1 ? "was" : "were"} not saved
      </h2>
      <p className="mt-0.5 text-muted">{whyRefused(item)}</p>
      <p className="mt-1 text-muted">
        {names.length > 0 && (
          <>
            <span className="text-ink">{names.slice(0, NAMES).join(", ")}</span>
            {rest > 0 && ` and ${plural(rest, "other object")}`} ·{" "}
          </>
        )}
        {ago(item.at, Date.now())}
      </p>
    </>
  );
}

function Choices({ item, onApply }: { item: Item; onApply(): void }) {
  const project = useProject();
  const whyNot = useWhyNot();
  return (
    <>
      <Button tone="ghost" onClick={() => discard(project, item)}>
        Discard
      </Button>
      <Button onClick={() => saveAsFile(item)}>Save as file</Button>
      <Button tone="primary" reason={whyNot} onClick={onApply}>
        Apply again
      </Button>
    </>
  );
}

/** What was left out, by name. */
function Result({ again }: { again: Again }) {
  const { store } = useProject();
  const left = [...again.theirs, ...again.unfit];
  const word = ([root, id = "", key = ""]: readonly string[]) =>
    [root === "nodes" ? (store.node(id)?.name ?? "") : root, key].filter(Boolean).join(" · ");
  return (
    <>
      <h2 className="text-base font-semibold">
        {plural(again.done, "change")} made again, {left.length} left out
      </h2>
      {again.theirs.length > 0 && <p className="mt-0.5 text-muted">Others have changed these since; theirs stay:</p>}
      <ul className="mt-1 max-h-28 overflow-y-auto">
        {left.slice(0, 20).map((path) => (
          <li key={path.join("/")}>{word(path)}</li>
        ))}
      </ul>
      {again.unfit.length > 0 && (
        <p className="mt-0.5 text-muted">{plural(again.unfit.length, "value")} did not fit the scene.</p>
      )}
    </>
  );
}

function AfterApply({ item }: { item: Item }) {
  const project = useProject();
  return (
    <>
      <Button onClick={() => saveAsFile(item)}>Save as file</Button>
      <Button tone="primary" onClick={() => void project.shelf.remove(item.id)}>
        Done
      </Button>
    </>
  );
}

const WHY: Readonly<Record<string, string>> = {
  read_only: "Your role was changed to one that can only look, before they reached the server.",
  generation_changed: "The project was made anew on the server, from a backup or to make it smaller.",
  client_id_taken: "They were made in this browser under another name.",
  message_too_large: "They were too many for one message.",
};

function whyRefused({ reason }: Item): string {
  return WHY[reason.code] ?? `The server could not take them (${reason.message}).`;
}
