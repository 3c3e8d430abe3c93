/** Opens what can hold a disk, and says why where it cannot. */
import { errorCode } from "./errno.ts";
import { FileError, type FileErrorKind } from "./file_error.ts";

/** A file or block device; fails with a FileError. */
export async function openDiskFile(path: string, writable: boolean): Promise<Deno.FsFile> {
  try {
    // Looked at first, since opening a FIFO to read it would wait for a writer.
    const info = await Deno.stat(path);
    if (info.isFile || info.isBlockDevice) {
      return await Deno.open(path, { read: true, write: writable });
    }
  } catch (error) {
    // Deno shows what is in /dev to nobody who may not do everything.
    if (error instanceof Deno.errors.NotCapable) {
      const text = `cannot open ${path}: this command may not use devices; import it as a disk`;
      throw new FileError("no-permission", text, { path, cause: error });
    }
    throw openError(path, error);
  }
  throw new FileError(
    "unsuitable",
    `cannot open ${path}: it is neither a file nor a block device`,
    { path },
  );
}

const OPEN_ERRORS: Readonly<Record<string, [FileErrorKind, string]>> = {
  ENOENT: ["not-found", "there is no such file; put it there, or correct the path"],
  ENOTDIR: ["not-found", "part of its path is not a directory"],
  EACCES: ["no-permission", "its permissions do not allow it; run as its owner or change them"],
  EPERM: ["no-permission", "the system does not allow it"],
  EROFS: ["no-permission", "its file system is read-only; open it read-only"],
  EISDIR: ["unsuitable", "it is a directory"],
  ETXTBSY: ["in-use", "it is a program that is running"],
  ENOLCK: ["unsuitable", "its file system gives no locks; mount it with locking"],
  EBUSY: ["in-use", "the system uses it; unmount it first"],
};

/** The system's failure to open a file, with what to do about it. */
export function openError(path: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (!(cause instanceof Error) || code === undefined) return cause;
  const [kind, reason] = OPEN_ERRORS[code] ?? ["unsuitable", cause.message];
  return new FileError(kind, `cannot open ${path}: ${reason}`, { path, cause });
}
