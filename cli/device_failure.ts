/** What the failure of a disk, wherever it is, means to whoever asked for something of it. */
import { ControlError } from "../lib/config/control_error.ts";
import { DeviceUrlError } from "../lib/device_url.ts";
import { FormatFailed } from "../lib/file_system/format_error.ts";
import { PartitionError } from "../lib/partition/partition_table.ts";

/** A ControlError where that can be told; else what it was given. */
export async function deviceFailure(place: string, error: unknown): Promise<unknown> {
  if (error instanceof DeviceUrlError) return new ControlError("usage", error.message);
  if (error instanceof FormatFailed || error instanceof PartitionError) {
    return new ControlError(error.kind, `${place}: ${error.message}`, error.next, { cause: error });
  }
  const { ReservedError } = await import("../lib/initiator/device_failure.ts");
  if (error instanceof ReservedError) {
    const next = "have that one release it first";
    return new ControlError("in-use", error.message, next, { cause: error });
  }
  const { fileFailure } = await import("../lib/config/file_failure.ts");
  const known = fileFailure(place, error);
  if (known instanceof ControlError || !(error instanceof Error)) return known;
  // What a remote disk's own errors are called differs; each says what happened.
  if (!("next" in error) || typeof error.next !== "string") return error;
  return new ControlError("unreachable", error.message, error.next, { cause: error });
}
