/** What is asked of a logical unit, and what came of it. */
import type { ReceivedSense } from "../scsi/sense_data.ts";

/** A SCSI command. Its buffers are the session's until `execute` is settled. */
export interface CommandRequest {
  /** At most 16 octets; copied at once. */
  readonly cdb: Uint8Array;
  /** Where data from the unit goes; its length is the expected data transfer length. */
  readonly dataIn?: Uint8Array | undefined;
  /** What goes to the unit; never both. */
  readonly dataOut?: Uint8Array | undefined;
  /** A task attribute of RFC 7143 11.3.1; SIMPLE without. */
  readonly attribute?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** How it ended. Data that the target says it moved has moved: that is checked. */
export interface CommandResult {
  readonly status: number;
  readonly sense: ReceivedSense | undefined;
  /** Octets that were moved: fewer than expected where there were no more. */
  readonly transferred: number;
  /** Octets that the command would have moved besides, had there been room. */
  readonly overflow: number;
}

/** Why a command has no status. */
export type CommandFailureKind =
  /** It was not sent, or not carried out: nothing has changed. */
  | "not-sent"
  /** The session was lost meanwhile. It may have been carried out, wholly or in part. */
  | "session-lost"
  /** It took too long, and was ended. It may have been carried out in part. */
  | "timed-out"
  /** The target would not take it, or broke down over it. */
  | "refused"
  /** The target says it is done, and it is not. */
  | "incomplete";

/** A command that did not end with a status. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";

  constructor(readonly kind: CommandFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
