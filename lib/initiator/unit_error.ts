/** Why a logical unit cannot be used, or a command of it failed for good. */
import type { ReceivedSense } from "../scsi/sense_data.ts";

export type UnitErrorKind =
  /** There is none. */
  | "absent"
  /** It is another one than before. */
  | "foreign"
  /** It will not do what was asked. */
  | "refused"
  /** Its path is gone, and will not come back by itself. */
  | "offline";

export class UnitError extends Error {
  override readonly name = "UnitError";

  constructor(
    readonly kind: UnitErrorKind,
    message: string,
    readonly sense?: ReceivedSense,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
