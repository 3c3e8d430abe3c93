/** What the failure of a disk's file means to the operator. */
import { DeviceError } from "../block/device.ts";
import { FileError, type FileErrorKind } from "../block/file_error.ts";
import { NbdOpenError, type NbdOpenErrorKind } from "../nbd/client/open_error.ts";
import { FormatError } from "../vhd/format_error.ts";
import { ControlError, type ControlErrorKind } from "./control_error.ts";

const KINDS: Readonly<Record<FileErrorKind, ControlErrorKind>> = {
  "not-found": "not-found",
  "no-permission": "permission",
  "in-use": "in-use",
  "exists": "in-use",
  "no-space": "failed",
  "unsuitable": "failed",
};

const EXPORT_KINDS: Readonly<Record<NbdOpenErrorKind, ControlErrorKind>> = {
  "unreachable": "unreachable",
  "not-found": "not-found",
  "unsuitable": "failed",
};

/** A ControlError; what is none of the file's is passed on. */
export function fileFailure(path: string, cause: unknown): unknown {
  if (cause instanceof FileError) {
    return new ControlError(KINDS[cause.kind], cause.message, undefined, { cause });
  }
  if (cause instanceof FormatError || cause instanceof DeviceError) {
    return new ControlError("failed", cause.message, undefined, { cause });
  }
  if (cause instanceof NbdOpenError) {
    return new ControlError(EXPORT_KINDS[cause.kind], cause.message, cause.next, { cause });
  }
  if (cause instanceof Deno.errors.NotFound) {
    const next = "see whether its path is right";
    return new ControlError("not-found", `there is no ${path}`, next, { cause });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    const next = "run the service as a user who may, or change its permissions";
    return new ControlError("permission", `no permission to reach ${path}`, next, { cause });
  }
  return cause;
}
