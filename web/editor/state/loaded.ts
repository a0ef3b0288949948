/** A list that stands on the server: loaded when it is shown, and again after each change of it. */

import { useCallback, useEffect, useState } from "react";
import { toastError } from "./toasts";

export interface Loaded<T> {
  /** Undefined until it has come. */
  value: T | undefined;
  failed: boolean;
  reload(): Promise<void>;
  /** Does something to the list, tells what went wrong, and loads it again; whether it worked. */
  change(what: string, run: () => Promise<unknown>): Promise<boolean>;
}

/** `load` must be the same function until what is to be loaded changes. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [failed, setFailed] = useState(false);
  const reload = useCallback(async () => {
    try {
      setValue(await load());
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, [load]);
  useEffect(() => void reload(), [reload]);
  const change = useCallback(
    async (what: string, run: () => Promise<unknown>) => {
      try {
        await run();
        return true;
      } catch (error) {
        toastError(what, error);
        return false;
      } finally {
        await reload();
      }
    },
    [reload],
  );
  return { value, failed, reload, change };
}
