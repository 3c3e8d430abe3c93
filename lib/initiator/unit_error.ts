/** Why a logical unit cannot be used, or a command of it failed for good. */
import { InitiatorError, type InitiatorErrorKind } from "./initiator_error.ts";

export type UnitErrorKind =
  /** There is none. */
  | "absent"
  /** It is another one than before. */
  | "foreign"
  /** It will not do what was asked. */
  | "refused"
  /** Its path is gone, and will not come back by itself. */
  | "offline";

const KINDS: Readonly<Record<UnitErrorKind, InitiatorErrorKind>> = {
  "absent": "not-found",
  "foreign": "failed",
  "refused": "failed",
  "offline": "unreachable",
};

const NEXT: Readonly<Record<UnitErrorKind, string>> = {
  "absent": "check which LUNs the target offers to this initiator",
  "foreign": "check which disk the target has at this LUN, and open it anew",
  "refused": "see the target's log",
  "offline": "check that the target runs and can be reached",
};

export class UnitError extends InitiatorError {
  override readonly name = "UnitError";

  constructor(
    /** Why, more closely than `kind` tells. */
    readonly reason: UnitErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(KINDS[reason], message, NEXT[reason], options);
  }
}
