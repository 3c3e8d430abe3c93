/** Times as VHDs hold them: whole seconds since 2000. Virtual Hard Disk Image Format. */

/** Midnight of 1 January 2000, UTC, in seconds of Unix time. */
const EPOCH_S = 946_684_800;
const LATEST = 0xffff_ffff;

/** The time stamp of a date; what lies before or after all of them is the first or the last one. */
export function timeStampOf(date: Date): number {
  const seconds = Math.floor(date.getTime() / 1000) - EPOCH_S;
  return Math.min(Math.max(seconds, 0), LATEST);
}

export function dateOf(timeStamp: number): Date {
  return new Date((EPOCH_S + timeStamp) * 1000);
}
