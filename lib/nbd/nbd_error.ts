/** Error values of replies, and what they are to a device. doc/proto.md, "Error values". */
import type { DeviceErrorKind } from "../block/device.ts";

export const NbdError = {
  NONE: 0,
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;
export type NbdError = typeof NbdError[keyof typeof NbdError];

/** What a client is told when the device could not do it. */
export const ERROR_OF_KIND: Readonly<Record<DeviceErrorKind, NbdError>> = {
  "out-of-range": NbdError.EINVAL,
  "read-only": NbdError.EPERM,
  "no-space": NbdError.ENOSPC,
  "medium": NbdError.EIO,
  "fenced": NbdError.EIO,
  "gone": NbdError.EIO,
};

/** What goes with the error to people; nothing of the machine that serves the disk. */
export const ERROR_TEXTS: Readonly<Record<NbdError, string>> = {
  [NbdError.NONE]: "",
  [NbdError.EPERM]: "the export is read-only",
  [NbdError.EIO]: "the medium could not do it",
  [NbdError.ENOMEM]: "no memory is left",
  [NbdError.EINVAL]: "the request is not one that this export takes",
  [NbdError.ENOSPC]: "the medium has no space left",
  [NbdError.EOVERFLOW]: "the request is too long for one reply",
  [NbdError.ENOTSUP]: "it would not be faster than writing zeros",
  [NbdError.ESHUTDOWN]: "the server is stopping",
};

/** What a server's error is to a device; one that is not known is taken for EINVAL. */
export function kindOfError(error: number): DeviceErrorKind {
  return KINDS.get(error) ?? "medium";
}

const KINDS: ReadonlyMap<number, DeviceErrorKind> = new Map([
  [NbdError.EPERM, "read-only"],
  [NbdError.ENOSPC, "no-space"],
  [NbdError.ESHUTDOWN, "gone"],
]);
