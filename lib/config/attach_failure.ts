/** Why something could not be attached, or detached, in the terms of commands. */
import { DeviceError } from "../block/device.ts";
import { AttachError } from "../nbd/attach/attach_error.ts";
import { ControlError } from "./control_error.ts";

/** A ControlError; what is none of an attachment's is passed on. */
export function attachFailure(what: string, cause: unknown): unknown {
  if (cause instanceof AttachError) {
    return new ControlError(cause.kind, `${what}: ${cause.message}`, cause.next, { cause });
  }
  if (cause instanceof DeviceError) {
    const next = "see to its medium, and check what was written last";
    return new ControlError("failed", `${what}: ${cause.message}`, next, { cause });
  }
  return cause;
}
