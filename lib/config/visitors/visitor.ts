/** An initiator that came by, admitted or not: where from, what for, and what came of it. */

export interface Visitor {
  /** Its iSCSI name, normalised. */
  readonly initiator: string;
  readonly address: string;
  /** The iSCSI name of the target that it asked for; undefined: it asked which there are. */
  readonly target: string | undefined;
  /** Milliseconds since 1970. */
  firstSeen: number;
  lastSeen: number;
  visits: number;
  /** Why it was refused the last time; undefined: it was let in. */
  refusal: string | undefined;
}

/** Who came by longer ago is forgotten. */
export const REMEMBERED_MS = 7 * 86_400_000;
