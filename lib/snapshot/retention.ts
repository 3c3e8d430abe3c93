/** Which of many snapshots, or backups, are kept: the latest, and one of each hour, day, week. */

export interface Retention {
  /** The latest ones. */
  readonly last?: number | undefined;
  /** Of as many hours (days, weeks, months) that have any, the latest one each. */
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
}

/** What falls into one period has one key. */
const PERIODS: Readonly<
  Record<Exclude<keyof Retention, "last">, (at: Temporal.ZonedDateTime) => string>
> = {
  // An hour that daylight saving repeats is two.
  hourly: (at) => `${at.toPlainDate()} ${at.hour} ${at.offset}`,
  daily: (at) => at.toPlainDate().toString(),
  // ISO 8601: a week begins on Monday.
  weekly: (at) => `${at.yearOfWeek} ${at.weekOfYear}`,
  monthly: (at) => `${at.year} ${at.month}`,
};

/**
 * Those of `items` that are kept; all of them without any rule. Periods are those of the calendar
 * in `timeZone`, the machine's without one.
 */
export function keptBy<T extends { readonly takenAt: Date }>(
  retention: Retention,
  items: readonly T[],
  timeZone: string = Temporal.Now.timeZoneId(),
): Set<T> {
  const newestFirst = [...items].sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  const { last, ...periods } = retention;
  const rules = Object.entries(periods).filter(([, count]) => count !== undefined);
  if (last === undefined && rules.length === 0) return new Set(items);
  const kept = new Set(newestFirst.slice(0, last ?? 0));
  for (const [period, count] of rules) {
    const keyOf = PERIODS[period as keyof typeof PERIODS];
    const seen = new Set<string>();
    for (const item of newestFirst) {
      const key = keyOf(item.takenAt.toTemporalInstant().toZonedDateTimeISO(timeZone));
      if (seen.has(key)) continue;
      if (seen.size === count) break;
      seen.add(key);
      kept.add(item);
    }
  }
  return kept;
}
