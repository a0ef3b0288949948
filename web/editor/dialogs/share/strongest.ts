import type { MemberInfo, ProjectRole } from "@core/accounts";

const RANKS: readonly ProjectRole[] = ["viewer", "commenter", "editor", "owner"];

/** One line a person: who came by several links, or has a role besides, can do what the strongest allows. */
export function strongest(members: readonly MemberInfo[]): MemberInfo[] {
  const found = new Map<string, MemberInfo>();
  for (const member of members) {
    const other = found.get(member.user.id);
    if (!other || RANKS.indexOf(member.role) > RANKS.indexOf(other.role)) found.set(member.user.id, member);
  }
  return [...found.values()];
}
