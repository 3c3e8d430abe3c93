/** How a check that takes long is watched, and called off. */
export interface Watch {
  /** In octets. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
