/** Points in time as people write them. */

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const AGO = /^(\d+)\s*([smhdw])$/i;
const CALENDAR = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** So long before `now`, or a time of the calendar: local, unless it says otherwise. */
export function parseMoment(text: string, now: Date): Date {
  const ago = AGO.exec(text);
  if (ago !== null) {
    const ms = now.getTime() - Number(ago[1]) * UNITS_MS[ago[2]!.toLowerCase()]!;
    return new Date(Math.max(0, ms));
  }
  // A day alone would be taken for one of UTC.
  const moment = new Date(text.length === 10 ? `${text}T00:00` : text);
  if (!CALENDAR.test(text) || Number.isNaN(moment.getTime())) {
    throw new Error("a time is 15m, 2h or 7d ago, or such as 2026-11-23 or 2026-11-23T18:00");
  }
  return moment;
}
