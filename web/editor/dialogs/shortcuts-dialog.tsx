import { ACTIONS, type ActionGroup } from "@editor/commands/actions";
import { Dialog } from "@editor/ui/dialog";
import { Keys } from "@editor/ui/keys";

const GROUPS: readonly ActionGroup[] = ["Edit", "Select", "Tools", "View", "File", "Help"];
const POINTER = [
  ["Orbit", "Drag, or arrow keys"],
  ["Pan", "Right drag, or Shift + drag"],
  ["Zoom to the pointer", "Wheel or pinch"],
  ["Add to the selection", "Shift + click"],
  ["Menu of a thing", "Right click"],
  ["Move without or with steps", "Ctrl + drag"],
  ["On touch: orbit", "One finger"],
  ["On touch: pan and zoom", "Two fingers"],
] as const;

/** All shortcuts on one sheet. */
export default function ShortcutsDialog({ onClose }: { onClose(): void }) {
  return (
    <Dialog open onClose={onClose} title="Keyboard shortcuts" wide>
      <div className="columns-1 gap-8 sm:columns-2">
        {GROUPS.map((group) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 font-semibold text-accent-strong">{group}</h3>
            <dl>
              {ACTIONS.filter((action) => action.group === group && action.keys.length).map((action) => (
                <div key={action.id} className="flex h-6 items-center justify-between gap-2">
                  <dt className="truncate text-muted">{action.title}</dt>
                  <dd className="flex gap-2">
                    {action.keys.map((keys) => (
                      <Keys key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section className="break-inside-avoid">
          <h3 className="mb-1 font-semibold text-accent-strong">Pointer in the viewport</h3>
          <dl>
            {POINTER.map(([what, how]) => (
              <div key={what} className="flex h-6 items-center justify-between gap-2">
                <dt className="truncate text-muted">{what}</dt>
                <dd>{how}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
