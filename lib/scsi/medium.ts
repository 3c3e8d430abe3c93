/**
 * The state of a unit's medium: whether it can be reached now, and who forbids its removal. SBC-3
 * 4.11 (sanitize operations), 4.2.2 (removable media). A virtual disk has nothing to spin down, so
 * there is no stopped state: stopping flushes, and leaves the disk ready for the other hosts that
 * share it.
 */
import type { Nexus } from "./nexus.ts";
import {
  LOGICAL_UNIT_NOT_READY,
  MEDIUM_NOT_PRESENT,
  SANITIZE_FAILED,
  SANITIZE_IN_PROGRESS,
  type Sense,
  withProgress,
} from "./sense.ts";

/** How the last sanitize operation stands. */
export type SanitizeState = "none" | "running" | "failed";

export class Medium {
  /**
   * Why the medium cannot be reached; undefined while it can. Kept, as every command looks at it.
   */
  notReady: Sense | undefined;
  readonly removable: boolean;
  /** AUSE of the last SANITIZE: its failure may be acknowledged by EXIT FAILURE MODE. */
  unrestrictedExit = false;
  #loaded = true;
  #available = true;
  #sanitize: SanitizeState = "none";
  #progress = 0;
  /** Whoever wants the medium to stay: removal is prevented while any nexus does. */
  readonly #preventing = new Set<Nexus>();

  constructor(removable: boolean) {
    this.removable = removable;
  }

  /** False once it has been ejected. */
  get loaded(): boolean {
    return this.#loaded;
  }

  set loaded(loaded: boolean) {
    this.#loaded = loaded;
    this.#judge();
  }

  /** False while what the blocks are kept in cannot be reached. */
  get available(): boolean {
    return this.#available;
  }

  set available(available: boolean) {
    this.#available = available;
    this.#judge();
  }

  /** True while the medium must not be ejected. */
  get removalPrevented(): boolean {
    return this.#preventing.size > 0;
  }

  preventRemoval(nexus: Nexus): void {
    this.#preventing.add(nexus);
  }

  allowRemoval(nexus: Nexus): void {
    this.#preventing.delete(nexus);
  }

  /** A lost nexus prevents nothing any more. */
  nexusLost(nexus: Nexus): void {
    this.#preventing.delete(nexus);
  }

  /** A logical unit reset ends every prevention. */
  reset(): void {
    this.#preventing.clear();
  }

  get sanitize(): SanitizeState {
    return this.#sanitize;
  }

  /** A sanitize operation is `progress` 65,536ths done. */
  sanitizing(progress: number): void {
    this.#sanitize = "running";
    this.#progress = Math.min(Math.floor(progress), 0xffff);
    this.#judge();
  }

  /** No sanitize operation runs any more; "failed" bars the medium until that is acknowledged. */
  sanitized(state: "none" | "failed"): void {
    this.#sanitize = state;
    this.#judge();
  }

  #judge(): void {
    this.notReady = this.#reason();
  }

  #reason(): Sense | undefined {
    if (this.#sanitize === "running") return withProgress(SANITIZE_IN_PROGRESS, this.#progress);
    if (this.#sanitize === "failed") return SANITIZE_FAILED;
    if (!this.#available) return LOGICAL_UNIT_NOT_READY;
    return this.#loaded ? undefined : MEDIUM_NOT_PRESENT;
  }
}
