/** How long something has lasted, as people read it. */

const UNITS = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]] as const;

/** In its largest unit and the next one: `4d 2h`, `3h 20m`, `12s`. */
export function formatAge(seconds: number): string {
  const largest = UNITS.findIndex(([, unit]) => seconds >= unit);
  if (largest < 0) return "0s";
  const [[name, unit], next] = [UNITS[largest]!, UNITS[largest + 1]];
  const rest = next === undefined ? 0 : Math.floor(seconds % unit / next[1]);
  const whole = `${Math.floor(seconds / unit)}${name}`;
  return rest === 0 ? whole : `${whole} ${rest}${next![0]}`;
}
