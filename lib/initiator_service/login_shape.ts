/** What all sessions of a login have in common. */
import type { ChapAccounts } from "../initiator/chap.ts";

export interface LoginShape {
  readonly target: string;
  readonly multipath: boolean;
  readonly persistent: boolean;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly connections: number;
  readonly maxConnections: number | undefined;
  readonly defaultTime2Wait: number | undefined;
  readonly defaultTime2Retain: number | undefined;
  /** For questions alone: its LUNs are no devices. */
  readonly informational: boolean;
  readonly accounts: ChapAccounts | undefined;
}
