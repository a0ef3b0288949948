/** The key in the fragment of an invitation link: "#key=…" or just "#…". */
export function keyOf(fragment: string): string {
  const text = fragment.replace(/^#/, "");
  return new URLSearchParams(text).get("key") ?? decodeURIComponent(text.replace(/=$/, ""));
}
