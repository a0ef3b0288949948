import { PEOPLE_COLOURS } from "@editor/lib/colour";
import { useIdentity } from "@editor/state/identity";
import { saveProfile, useAccounts } from "@editor/state/session";
import { Button } from "@editor/ui/button";
import { Dialog } from "@editor/ui/dialog";
import { CONTROL } from "@editor/ui/field";
import { Check } from "lucide-react";
import { type FormEvent, useId, useState } from "react";

/** Name and colour, as others see them. */
export function IdentityDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Who are you?"
      description={
        useAccounts()
          ? "Others in a project see this name and colour."
          : "Others in a project see this name and colour. It stays in this browser."
      }
    >
      <IdentityForm onDone={onClose} />
    </Dialog>
  );
}

/** The fields alone, for a page of their own. */
export function IdentityForm({ onDone }: { onDone(): void }) {
  const { me, change } = useIdentity();
  const withAccounts = useAccounts();
  const [name, setName] = useState(me.name);
  const [color, setColor] = useState(me.color);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    const fields = { name: name.trim().slice(0, 64), color };
    if (!withAccounts) {
      change(fields);
      onDone();
    } else void saveProfile(fields).then((done) => done && onDone());
  };
  return (
    <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
      <div className="flex flex-col gap-1">
        <label htmlFor={id} className="text-muted">
          Name
        </label>
        <input
          id={id}
          data-testid="identity-name"
          value={name}
          maxLength={64}
          autoComplete="nickname"
          onChange={(event) => setName(event.target.value)}
          onFocus={(event) => event.currentTarget.select()}
          className={`${CONTROL} h-9 border-line text-base`}
        />
      </div>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1.5 text-muted">Colour</legend>
        <div className="flex flex-wrap gap-1 sm:gap-2">
          {withOwn(me.color).map((colour) => (
            <button
              key={colour}
              type="button"
              aria-label={`Colour ${colour}`}
              aria-pressed={colour === color}
              onClick={() => setColor(colour)}
              className="grid size-8 place-items-center rounded-full border-2 border-transparent text-black aria-pressed:border-ink"
              style={{ background: colour }}
            >
              {colour === color && <Check size={16} aria-hidden />}
            </button>
          ))}
        </div>
      </fieldset>
      <div className="flex justify-end">
        <Button type="submit" tone="primary" disabled={!name.trim()}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** The colour that the server gave stays among those to choose from. */
function withOwn(color: string): readonly string[] {
  const given: readonly string[] = PEOPLE_COLOURS;
  return given.includes(color) ? given : [color, ...given];
}
