/** How patient a multipath device is. These are the defaults. */
export interface MultipathSettings {
  /** How long commands wait while there is no path; then they fail, as do new ones. */
  readonly noPathMs: number;
  /** A path that has come back is used, while there are others, when it has lasted so long. */
  readonly settleMs: number;
  readonly mostSettleMs: number;
  /** How often a path whose capacity differs is looked at again. */
  readonly quarantineMs: number;
  /**
   * How long a target may at most carry out what was sent on a session that was lost, where the
   * session could not be ended there: Linux gives up a TCP connection that nobody owns any more
   * within 105 s, and the target is given some time besides.
   */
  readonly nexusLossMs: number;
  /** True: the path that is preferred is used again when it is back. */
  readonly failBack: boolean;
}

export const DEFAULT_SETTINGS: MultipathSettings = {
  noPathMs: 120_000,
  settleMs: 5_000,
  mostSettleMs: 300_000,
  quarantineMs: 30_000,
  nexusLossMs: 150_000,
  failBack: true,
};
