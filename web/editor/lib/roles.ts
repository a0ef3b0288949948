/** Roles in words. */
import type { ProjectRole, Scope, Standing } from "@core/accounts";

export const ROLES: readonly (readonly [ProjectRole, string, string])[] = [
  ["viewer", "Viewer", "can look"],
  ["commenter", "Commenter", "can look and comment"],
  ["editor", "Editor", "can change the scene"],
  ["owner", "Owner", "can also share and delete"],
];

export const STANDINGS: readonly (readonly [Standing, string, string])[] = [
  ["guest", "Guest", "sees what links open"],
  ["member", "Member", "makes projects, sees what is shared"],
  ["team", "Team", "edits every project"],
  ["admin", "Admin", "owns every project, manages people"],
];

export const SCOPES: readonly (readonly [Scope, string])[] = [
  ["read", "Look"],
  ["edit", "Look and edit"],
  ["admin", "Everything you may do"],
];

const DAY = 86_400;

/** How long something lasts; empty: until it is revoked. */
export const SPANS: readonly (readonly [string, string])[] = [
  [`${DAY}`, "1 day"],
  [`${7 * DAY}`, "7 days"],
  [`${30 * DAY}`, "30 days"],
  [`${365 * DAY}`, "1 year"],
  ["never", "No end"],
];

export function secondsOf(span: string): number | undefined {
  return span === "never" ? undefined : Number(span);
}

export function roleName(role: string): string {
  return ROLES.find(([key]) => key === role)?.[1] ?? role;
}
