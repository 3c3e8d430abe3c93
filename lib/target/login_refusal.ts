/** Why a login is refused: a value, not thrown; the peer gets the status, the log the reason. */
import type { RefusedFor } from "../events/login_refusals.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Pair } from "../wire/key_values.ts";

export class LoginRefusal {
  constructor(
    readonly status: LoginStatus,
    readonly reason: string,
    /** What an operator can do about it depends on that. */
    readonly why: RefusedFor | "no-proof" = "protocol",
    /** Keys that go with the refusal: which of them was rejected. */
    readonly answers: readonly Pair[] = [],
  ) {}
}

/** The initiator does not offer to prove who it is, where that is required. */
export function proofNotOffered(reason: string): LoginRefusal {
  return new LoginRefusal(LoginStatus.AUTHENTICATION_FAILURE, reason, "no-proof");
}
