/** Where files are found and made: the file systems of this machine, or a test's own. */
import { FileError } from "./file_error.ts";
import { openError } from "./open_disk_file.ts";
import { nameExclusively } from "./name_exclusively.ts";
import { OsFile, type OsFileOptions } from "./os_file.ts";
import type { PositionalFile } from "./positional_file.ts";
import { syncDirectory } from "./sync_directory.ts";

/** A file that is being made: its octets, and nothing else that a disk needs. */
export interface PlainFile {
  resize(length: number): Promise<void>;
  write(position: number, octets: Uint8Array): Promise<void>;
  /** Resolves when all of it is on the medium, its times too. */
  sync(): Promise<void>;
  close(): void;
}

/**
 * What is done to names is on the medium once their directory has been synced, and not before: see
 * `syncDirectory`.
 */
export interface FileStore {
  /** Opens a file and locks it for as long as it is open. */
  open(path: string, options?: OsFileOptions): Promise<PositionalFile>;
  /** Makes an empty file, readable by its owner alone, or empties one that is there; opens it. */
  replace(path: string): Promise<PositionalFile>;
  /** Makes a file that is not there yet, readable by its owner alone; fails as the system does. */
  createNew(path: string): Promise<PlainFile>;
  /** Names a file that has a temporary name; a name that is taken is refused. */
  nameExclusively(temporary: string, path: string): Promise<void>;
  /** Gives a file the name of another, which is gone then. */
  rename(from: string, path: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
  /** Says when the file was last written to. */
  touch(path: string, modifiedAt: Date): Promise<void>;
  /** Resolves when all of the file is on the medium, and when it was written to. */
  syncAll(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** The one path of the file, links resolved. */
  locate(path: string): Promise<string>;
  /** When the file was last written to. */
  modifiedAt(path: string): Promise<Date>;
  /** The names of the files in a directory, at most `most`; none where it cannot be read. */
  list(directory: string, most: number): Promise<string[]>;
}

/** The files of this machine. Failures are FileErrors. */
export const osFiles: FileStore = {
  open: (path, options) => OsFile.open(path, options),

  async replace(path) {
    try {
      const made = await Deno.open(path, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      made.close();
    } catch (error) {
      throw openError(path, error);
    }
    return await OsFile.open(path);
  },

  async createNew(path) {
    return new OsPlainFile(await Deno.open(path, { write: true, createNew: true, mode: 0o600 }));
  },

  nameExclusively,
  rename: (from, path) => Deno.rename(from, path),
  syncDirectory,
  touch: (path, modifiedAt) => Deno.utime(path, modifiedAt, modifiedAt),

  async syncAll(path) {
    try {
      using file = await Deno.open(path);
      await file.sync();
    } catch (error) {
      throw openError(path, error);
    }
  },

  async remove(path) {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw openError(path, error);
    }
  },

  async exists(path) {
    try {
      await Deno.lstat(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw openError(path, error);
    }
  },

  async locate(path) {
    try {
      return await Deno.realPath(path);
    } catch (error) {
      throw openError(path, error);
    }
  },

  async modifiedAt(path) {
    let mtime: Date | null;
    try {
      ({ mtime } = await Deno.stat(path));
    } catch (error) {
      throw openError(path, error);
    }
    if (mtime !== null) return mtime;
    throw new FileError("unsuitable", `the system does not tell when ${path} was written`, {
      path,
    });
  },

  async list(directory, most) {
    const names: string[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(directory)) {
        if (isFile) names.push(name);
        if (names.length === most) break;
      }
    } catch (error) {
      if (openError(directory, error) === error) throw error;
    }
    return names.sort();
  },
};

class OsPlainFile implements PlainFile {
  readonly #handle: Deno.FsFile;

  constructor(handle: Deno.FsFile) {
    this.#handle = handle;
  }

  resize(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  async write(position: number, octets: Uint8Array): Promise<void> {
    await this.#handle.seek(position, Deno.SeekMode.Start);
    for (let done = 0; done < octets.length;) {
      done += await this.#handle.write(octets.subarray(done));
    }
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): void {
    this.#handle.close();
  }
}
