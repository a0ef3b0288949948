/** Which generation of a project this browser last saw, so that its offline copy is found without the server. */

import { completed, settled } from "./offline";

const NAME = "maquette/generations";
const STORE = "generations";

export async function lastGeneration(indexedDB: IDBFactory, project: string): Promise<number | null> {
  const database = await open(indexedDB);
  try {
    const found: unknown = await settled(database.transaction(STORE).objectStore(STORE).get(project));
    return typeof found === "number" ? found : null;
  } finally {
    database.close();
  }
}

export async function rememberGeneration(indexedDB: IDBFactory, project: string, generation: number): Promise<void> {
  const database = await open(indexedDB);
  try {
    const transaction = database.transaction(STORE, "readwrite");
    transaction.objectStore(STORE).put(generation, project);
    await completed(transaction);
  } finally {
    database.close();
  }
}

function open(indexedDB: IDBFactory): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}
