/** The files that were dropped, those of a dropped folder among them. Folders in it are left out. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  // The list is emptied when the event is over, so all entries are taken before the first wait.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = items.map((item) => item.getAsFile());
  const found = await Promise.all(
    entries.map((entry, index) =>
      entry?.isDirectory ? filesOf(entry as FileSystemDirectoryEntry) : [files[index]],
    ),
  );
  return found.flat().filter((file) => file != null);
}

async function filesOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    entries.push(...some);
  }
  return Promise.all(
    entries
      .filter(({ isFile }) => isFile)
      .map(
        (entry) =>
          new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
      ),
  );
}
