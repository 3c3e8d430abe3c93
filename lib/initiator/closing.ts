/** A connection that is gone: what the target did, told from the system's words for it. */
import { ProtocolError } from "../iscsi/protocol_error.ts";

/** Nobody broke the protocol: the connection has ended. */
export class ConnectionClosed extends ProtocolError {
  constructor(reason: string) {
    super(closingOf(reason));
  }
}

const CLOSINGS: readonly (readonly [system: RegExp, meaning: string])[] = [
  [/^Broken pipe|\bEPIPE\b/, "closed by the peer"],
  [/^Connection reset|\bECONNRESET\b/, "reset by the peer"],
  [/^Connection timed out|\bETIMEDOUT\b/, "the network does not carry it any more"],
];

/** Words of our own pass as they are. */
export function closingOf(reason: string): string {
  return CLOSINGS.find(([system]) => system.test(reason))?.[1] ?? reason;
}
