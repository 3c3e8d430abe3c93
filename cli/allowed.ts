/** Who may log in to a target, for people. */
export function allowed(ids: readonly string[]): string {
  return ids.length === 0 ? "nobody" : ids.join(" ");
}
