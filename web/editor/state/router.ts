/** A few routes, no library: the path is the state. */
import { useSyncExternalStore } from "react";

export type Route = { page: "project"; id: string } | { page: Plain | "unknown" };

/** Pages without anything more in their address. */
const PLAIN = {
  "": "start",
  "index.html": "start",
  login: "login",
  invite: "invite",
  join: "join",
  reset: "reset",
  account: "account",
  people: "people",
} as const;
type Plain = (typeof PLAIN)[keyof typeof PLAIN];

const listeners = new Set<() => void>();

export function routeOf(path: string): Route {
  const name = path.replace(/^\/|\/$/g, "");
  if (Object.hasOwn(PLAIN, name)) return { page: PLAIN[name as keyof typeof PLAIN] };
  const project = /^\/p\/([A-Za-z0-9_-]{1,64})\/?$/.exec(path)?.[1];
  return project ? { page: "project", id: project } : { page: "unknown" };
}

export function navigate(path: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  for (const listener of [...listeners]) listener();
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, () => location.pathname));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/** For links: a plain click stays in the page, every other way of opening stays the browser's. */
export function followLink(event: React.MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname);
}
