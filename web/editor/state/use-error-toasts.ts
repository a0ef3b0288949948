import { MaquetteError } from "@core/errors";
import { useEffect } from "react";
import { toastError } from "./toasts";

/** An edit that the document refuses is explained; every other error stays the console's. */
export function useErrorToasts(): void {
  useEffect(() => {
    const tell = (error: unknown) => error instanceof MaquetteError && toastError("That was not possible", error);
    const onError = (event: ErrorEvent) => tell(event.error);
    const onRejection = (event: PromiseRejectionEvent) => tell(event.reason);
    addEventListener("error", onError);
    addEventListener("unhandledrejection", onRejection);
    return () => {
      removeEventListener("error", onError);
      removeEventListener("unhandledrejection", onRejection);
    };
  }, []);
}
