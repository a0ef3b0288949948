/** Which generation of a project this browser last saw, so that its offline copy is found without the server. */

import { completed, openStore, settled } from "./offline";

const NAME = "maquette/generations";
const STORE = "generations";

export async function lastGeneration(indexedDB: IDBFactory, project: string): Promise<number | null> {
  const database = await openStore(indexedDB, NAME, STORE);
  try {
    const found: unknown = await settled(database.transaction(STORE).objectStore(STORE).get(project));
    return typeof found === "number" ? found : null;
  } finally {
    database.close();
  }
}

export async function rememberGeneration(indexedDB: IDBFactory, project: string, generation: number): Promise<void> {
  const database = await openStore(indexedDB, NAME, STORE);
  try {
    const transaction = database.transaction(STORE, "readwrite");
    transaction.objectStore(STORE).put(generation, project);
    await completed(transaction);
  } finally {
    database.close();
  }
}
