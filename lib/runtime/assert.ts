/** Our own bug: something held to be true is not. On in production, never caught on purpose. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Throws an {@link AssertionError} unless `condition` holds; `claim` says what was held to be true.
 */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new AssertionError(`does not hold: ${claim}`);
}
