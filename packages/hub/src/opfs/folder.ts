import { ifThere } from "./opfs-error.ts";

/** A folder of a browser's private file system, made when something is written into it. */
export class Folder {
  readonly #parent: () => Promise<FileSystemDirectoryHandle>;
  readonly #name: string;

  constructor(parent: () => Promise<FileSystemDirectoryHandle>, name: string) {
    this.#parent = parent;
    this.#name = name;
  }

  folder(name: string): Folder {
    return new Folder(() => this.#handle(true), name);
  }

  /** Undefined when there is no such file. */
  async file(name: string): Promise<File | undefined> {
    const handle = await ifThere(this.#handle(false));
    const file = handle && (await ifThere(handle.getFileHandle(name)));
    return file && (await ifThere(file.getFile()));
  }

  /** The names of what is in it; none where there is no folder. */
  async names(): Promise<string[]> {
    const handle = await ifThere(this.#handle(false));
    const names: string[] = [];
    if (handle !== undefined) for await (const name of handle.keys()) names.push(name);
    return names.sort();
  }

  /** Begins a file, which appears, or replaces another, when the stream is closed. */
  async create(name: string): Promise<FileSystemWritableFileStream> {
    const handle = await (await this.#handle(true)).getFileHandle(name, { create: true });
    return await handle.createWritable();
  }

  async json(name: string): Promise<unknown> {
    const text = await (await this.file(name))?.text();
    try {
      return text && JSON.parse(text);
    } catch {
      return undefined; // as good as none
    }
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    const stream = await this.create(name);
    await stream.write(JSON.stringify(value));
    await stream.close();
  }

  async removeFile(name: string): Promise<void> {
    const handle = await ifThere(this.#handle(false));
    if (handle !== undefined) await ifThere(handle.removeEntry(name));
  }

  /** Removes the folder with all that is in it. */
  async remove(): Promise<void> {
    const parent = await ifThere(this.#parent());
    if (parent !== undefined) await ifThere(parent.removeEntry(this.#name, { recursive: true }));
  }

  async #handle(create: boolean): Promise<FileSystemDirectoryHandle> {
    return await (await this.#parent()).getDirectoryHandle(this.#name, { create });
  }
}
