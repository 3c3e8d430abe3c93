/** Which of a device's paths carry its commands. A file a policy; the table is in policies.ts. */

/** A path as a policy sees it. */
export interface Choice {
  /** Less is better; only `weighted-paths` looks at it. */
  readonly weight: number;
  /** False: only used when no path of the subset is left; `round-robin-with-subset` alone asks. */
  readonly isInSubset: boolean;
  /** Commands on their way, and the blocks that they move. */
  readonly commands: number;
  readonly blocks: number;
}

/** One device's use of a policy. */
export interface Policy {
  /**
   * Those of `usable` that are used from now on; the others stand by. Neither list is empty, and
   * the preferred path is the first of both. Asked whenever a path comes or goes.
   */
  select<P extends Choice>(usable: readonly P[]): readonly P[];
  /** Which of the selected ones carries the next command. */
  choose<P extends Choice>(selected: readonly P[]): P;
}

export interface PolicyOptions {
  /** A path that is preferred is used again as soon as it can be. */
  readonly failBack: boolean;
}

export type MakePolicy = (options: PolicyOptions) => Policy;
