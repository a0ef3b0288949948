import { followLink } from "@editor/state/router";
import { EntryPage, LINK } from "./page";

/** A link that opens nothing. */
export function BadLink({ title, children }: { title: string; children?: string }) {
  return (
    <EntryPage title={title} lead={children ?? "The link may have been cut when it was copied. Ask for a new one."}>
      <a href="/" onClick={followLink} className={LINK}>
        All projects
      </a>
    </EntryPage>
  );
}
