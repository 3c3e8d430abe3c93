/** What all sessions of a login have in common. */
import type { ChapAccounts } from "../initiator/chap.ts";

export interface LoginShape {
  readonly target: string;
  readonly multipath: boolean;
  readonly persistent: boolean;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly connections: number;
  readonly accounts: ChapAccounts | undefined;
}
