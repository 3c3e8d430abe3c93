/** How often a server has to hear of us. */

const LEAST_REFRESH_MS = 1_000;
/** So often we look whether all is there, however long the server would keep it. */
export const MOST_REFRESH_MS = 60_000;

/** Three times in the period that was granted, so that two may be lost. RFC 4171 6.2.6. */
export function refreshMsWithin(periodSeconds: number): number {
  return Math.max(LEAST_REFRESH_MS, Math.min(periodSeconds * 1000 / 3, MOST_REFRESH_MS));
}
