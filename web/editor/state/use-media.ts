import { useSyncExternalStore } from "react";

/** Whether a media query holds: for what must exist once only, not just be hidden. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Where the top bar has no room for the tools. */
export const useIsPhone = () => useMedia("(width < 640px)");
