/** What the system's words for a connection that is gone mean: what the target did. */

const CLOSINGS: readonly (readonly [system: RegExp, meaning: string])[] = [
  [/^Broken pipe|\bEPIPE\b/, "closed by the peer while it was sent to"],
  [/^Connection reset|\bECONNRESET\b/, "reset by the peer"],
  [/^Connection timed out|\bETIMEDOUT\b/, "the network does not carry it any more"],
];

/** Words of our own pass as they are. */
export function closingOf(reason: string): string {
  return CLOSINGS.find(([system]) => system.test(reason))?.[1] ?? reason;
}
