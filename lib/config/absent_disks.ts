/**
 * Disks that could not be opened when the service began. They are tried again, since file systems
 * are mounted late, files put back and permissions mended, and nobody should have to restart the
 * service for that: it would take the other disks from their initiators.
 */
import type { Clock } from "../runtime/clock.ts";
import type { DeclaredDisk } from "./schema.ts";

export const RETRY_MS = 10_000;

export interface AbsentDisksOptions {
  readonly clock: Clock;
  /** Those that are declared and not open, as things are now. */
  absent(): readonly DeclaredDisk[];
  /** Resolves whether it is there now or not. */
  tryAgain(disk: DeclaredDisk): Promise<void>;
}

export class AbsentDisks {
  readonly #options: AbsentDisksOptions;
  #callOff: (() => void) | undefined;
  #stopped = false;

  constructor(options: AbsentDisksOptions) {
    this.#options = options;
  }

  /** Tries from now on, for as long as any disk is absent. */
  watch(): void {
    if (this.#stopped || this.#callOff !== undefined) return;
    if (this.#options.absent().length === 0) return;
    this.#callOff = this.#options.clock.after(RETRY_MS, () => void this.#round());
  }

  stop(): void {
    this.#stopped = true;
    this.#callOff?.();
  }

  async #round(): Promise<void> {
    for (const disk of this.#options.absent()) await this.#options.tryAgain(disk);
    this.#callOff = undefined;
    this.watch();
  }
}
