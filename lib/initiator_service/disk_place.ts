/** How people write which disk they mean, and which partition of it: `DEV[:PART]`. */

export interface DiskPlace {
  /** A device's URL, a path, or what the initiator calls a device. */
  readonly disk: string;
  readonly kind: "url" | "path" | "device";
  /** The number of a partition; undefined: the whole of it. */
  readonly partition: number | undefined;
}

/** A number behind a URL's host alone is a port. */
const URL_WITH_PARTITION = /^([a-z+]+:\/\/[^/]*\/.+):([1-9]\d{0,2})$/i;
const WITH_PARTITION = /^(.+):([1-9]\d{0,2})$/;
/** One letter is a drive of Windows. */
const SCHEME = /^(?:file|vhd|mem|nbd|nbd\+unix|iscsi):/i;

export function parseDiskPlace(text: string): DiskPlace {
  const form = text.includes("://") ? URL_WITH_PARTITION : WITH_PARTITION;
  const match = form.exec(text);
  const disk = match?.[1] ?? text;
  const partition = match === null ? undefined : Number(match[2]);
  // What is neither a URL nor clearly a path is a device: `mail/0` is no file to be overwritten.
  const kind = SCHEME.test(disk) ? "url" : /^\.{0,2}\//.test(disk) ? "path" : "device";
  return { disk, kind, partition };
}
