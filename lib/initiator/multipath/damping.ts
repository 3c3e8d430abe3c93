/**
 * How long a path that has come back must last before it is used while there are others: the
 * longer, the oftener it was lost soon after. A link that comes and goes would hold commands up
 * every time.
 */
export interface DampingSettings {
  /** For a path that was never lost, or not for long. */
  readonly settleMs: number;
  readonly mostSettleMs: number;
}

const GROWTH = 2;
/** It is forgiven when it has lasted so many times as long as it had to. */
const FORGIVEN_AFTER = 6;

export class Damping {
  readonly #settings: DampingSettings;
  #settleMs = 0;

  constructor(settings: DampingSettings) {
    this.#settings = settings;
  }

  /** How long it must last now; 0 for the first time. */
  get settleMs(): number {
    return this.#settleMs;
  }

  /** It was lost after so long. */
  lost(lastedMs: number): void {
    const { settleMs, mostSettleMs } = this.#settings;
    const isForgiven = lastedMs >= Math.max(this.#settleMs, settleMs) * FORGIVEN_AFTER;
    const longer = Math.min(this.#settleMs * GROWTH, mostSettleMs);
    this.#settleMs = isForgiven || this.#settleMs === 0 ? settleMs : longer;
  }
}
