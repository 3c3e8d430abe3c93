/** What attaching commands share: how it is asked for, and what is said of it. */
import { ATTACH_WAYS, type AttachWay } from "../lib/nbd/attach/way.ts";

export const WAY_FLAG = {
  kind: "enum",
  values: ATTACH_WAYS,
  optional: true,
  brief: "Kernel device, file or URL alone; the first that works without",
} as const;

export interface AttachmentText {
  readonly readOnly: boolean;
  readonly way: AttachWay | null;
  readonly url: string | null;
  readonly path: string | null;
  readonly mounts: readonly string[];
}

/** `/dev/nbd0, read-only, mounted at /mnt`. */
export function attachmentText({ readOnly, path, url, mounts }: AttachmentText): string {
  const access = readOnly ? ", read-only" : "";
  const where = mounts.length === 0 ? "" : `, mounted at ${mounts.join(" and ")}`;
  return `${path ?? url ?? "when the service runs"}${access}${where}`;
}

/** Where it is, and what can be done with that. */
export function attachedText(what: string, attached: AttachmentText): string {
  return `${what} is attached: ${attachmentText(attached)}\n${useOf(attached)}`;
}

function useOf({ way, path, url, readOnly }: AttachmentText): string {
  const mount = readOnly ? "mount -o ro" : "mount";
  if (way === "nbd") return `  use it as any disk: ${mount} ${path} /mnt`;
  if (way === "nbdfuse") return `  use it as any image file: ${mount} -o loop ${path} /mnt`;
  return `  give the URL to programs that take it: nbdinfo '${url}', qemu-img, nbdcopy, fio;\n` +
    "  for a block device load the kernel's module nbd and install nbd-client; for a file, nbdfuse";
}
