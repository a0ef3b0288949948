/** A file with its path below the dropped folder ("chair/wood.png"): `File.name` may not hold one everywhere. */
export interface SourceFile {
  file: File;
  path: string;
}

/** Files of a drop, folders walked, hidden ones left out. */
export async function droppedFiles(transfer: DataTransfer): Promise<SourceFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return pickedFiles(transfer.files);
  const found = await Promise.all(entries.map((entry) => (entry ? filesOf(entry, "") : [])));
  return found.flat();
}

/** Files of an `<input type="file">`, folder picks included. */
export function pickedFiles(list: FileList | null): SourceFile[] {
  return [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

export function carriesFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes("Files") ?? false;
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<SourceFile[]> {
  if (entry.name.startsWith(".")) return [];
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (entry.isFile) return [{ file: await fileOf(entry as FileSystemFileEntry), path }];
  const children = await childrenOf(entry as FileSystemDirectoryEntry);
  return (await Promise.all(children.map((child) => filesOf(child, path)))).flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** readEntries gives at most a hundred at a time and an empty list at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return all;
    all.push(...batch);
  }
}
