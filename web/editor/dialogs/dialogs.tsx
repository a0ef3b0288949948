import { local, useLocal } from "@editor/state/local";
import { useSession } from "@editor/state/session";
import { lazy, Suspense } from "react";
import { IdentityDialog } from "./identity-dialog";

const ExportDialog = lazy(() => import("./export-dialog"));
const Palette = lazy(() => import("./palette"));
const ReportDialog = lazy(() => import("./report-dialog"));
const ShareDialog = lazy(() => import("./share-dialog"));
const SignInDialog = lazy(() => import("./sign-in-dialog"));
const ShortcutsDialog = lazy(() => import("./shortcuts-dialog"));

const close = () => local().set({ dialog: null });

/** The one dialog that is open; each is loaded when it is first needed. */
export function Dialogs({ onReopen }: { onReopen(): void }) {
  const asking = useSession((state) => state.asking);
  const dialog = useLocal((state) => state.dialog);
  return (
    <Suspense>
      {dialog?.kind === "palette" && <Palette onClose={close} />}
      {dialog?.kind === "shortcuts" && <ShortcutsDialog onClose={close} />}
      {dialog?.kind === "export" && <ExportDialog onClose={close} />}
      {dialog?.kind === "share" && <ShareDialog onClose={close} />}
      {asking && <SignInDialog onReopen={onReopen} />}
      {dialog?.kind === "report" && <ReportDialog job={dialog.job} onClose={close} />}
      <IdentityDialog open={dialog?.kind === "identity"} onClose={close} />
    </Suspense>
  );
}
