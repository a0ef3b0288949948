/** The secret in the fragment of a link: "#key=…" or just "#…". The fragment goes to no server and into no log. */
export function secretOf(fragment: string): string {
  const text = fragment.replace(/^#/, "");
  return new URLSearchParams(text).get("key") ?? decodeURIComponent(text.replace(/=$/, ""));
}

/** Takes the secret out of the address, so that it stays in no history and on no screenshot. */
export function takeSecret(): string {
  const secret = secretOf(location.hash);
  if (location.hash) history.replaceState(history.state, "", location.pathname);
  return secret;
}
