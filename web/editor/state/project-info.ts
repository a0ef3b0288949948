/** What the server's list knows about the open project: its name. */
import { create } from "zustand";
import { api } from "./api";
import { toastError } from "./toasts";

export const useProjectInfo = create<{ id: string; name: string }>(() => ({ id: "", name: "" }));

export async function renameProject(id: string, name: string): Promise<void> {
  const before = useProjectInfo.getState().name;
  useProjectInfo.setState({ name });
  try {
    await api.changeProject(id, { name });
  } catch (error) {
    useProjectInfo.setState({ name: before });
    toastError("The project was not renamed", error);
  }
}
