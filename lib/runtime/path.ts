/** Paths as texts: what they mean without asking the system. */

/** Whether `path` means the same wherever it is read; Windows writes a drive before it. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** The directory that a file is in. */
export function directoryOf(path: string): string {
  return path.slice(0, path.length - fileNameOf(path).length).replace(/(?<=.)[\\/]+$/, "");
}

/** The last part of a path. */
export function fileNameOf(path: string): string {
  return /[^\\/]*$/.exec(path)![0];
}
