/** CHAP as what a target, or discovery, asks for: nothing else will do. RFC 7143 12.1.3. */
import { ChapFault } from "../iscsi/chap/fault.ts";
import { TargetChapExchange, type TargetChapOptions } from "../iscsi/chap/target_exchange.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { AuthenticationExchange, AuthenticationPolicy } from "./authentication.ts";
import { LoginRefusal } from "./login_refusal.ts";

/** Initiators must prove by CHAP who they are, and with it alone. */
export function chapAuthentication(options: TargetChapOptions): AuthenticationPolicy {
  const methods = [{ name: "CHAP", begin: () => begin(options) }];
  return { methods: () => methods };
}

function begin(options: TargetChapOptions): AuthenticationExchange {
  const exchange = new TargetChapExchange(options);
  return {
    get isComplete() {
      return exchange.isComplete;
    },
    get identity() {
      return exchange.isComplete ? options.initiator.user : undefined;
    },
    receive(pairs) {
      const outcome = exchange.receive(pairs);
      if (!(outcome instanceof ChapFault)) return outcome;
      // Whatever is wrong, the peer gets the same status: it learns nothing from it.
      return new LoginRefusal(
        LoginStatus.AUTHENTICATION_FAILURE,
        `CHAP: ${outcome.reason}`,
        "wrong-proof",
      );
    },
  };
}
