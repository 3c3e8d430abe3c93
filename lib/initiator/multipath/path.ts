/** One path of a device, and what is known of it. */
import { CommandFailure, type CommandRequest, type CommandResult } from "../command.ts";
import type { Clock } from "../../runtime/clock.ts";
import { accessRank, AccessState } from "./asymmetric_access.ts";
import { Damping, type DampingSettings } from "./damping.ts";
import type { Choice } from "./policy.ts";
import type { Succession } from "./succession.ts";
import type { Way } from "./way.ts";

/** As it is shown. */
export type PathState = "active" | "standby" | "failed" | "probing" | "quarantined";

export interface PathCounters {
  commands: number;
  blocks: number;
  /** Commands that ended without a status. */
  failures: number;
  /** Times that it was lost. */
  losses: number;
}

export interface PathOptions {
  /** As people call it: `192.0.2.101 → 192.0.2.1:3260`. */
  readonly name: string;
  readonly way: Way;
  readonly succession: Succession;
  /** For the policy `weighted-paths`. */
  readonly weight?: number | undefined;
  /** For the policy `round-robin-with-subset`. */
  readonly isInSubset?: boolean | undefined;
}

/** Behind all that have lasted. */
const UNSETTLED = 16;

export class Path implements Choice {
  readonly name: string;
  readonly way: Way;
  readonly succession: Succession;
  weight: number;
  isInSubset: boolean;
  commands = 0;
  blocks = 0;
  /** Its unit has the capacity of the device, and its port has been asked about. */
  isAdmitted = false;
  /** Why it is in quarantine; undefined: it is not, by us. */
  complaint: string | undefined;
  accessState: number = AccessState.ACTIVE_OPTIMIZED;
  /** The group of its port, where the target has such groups. */
  portGroup: number | undefined;
  isSelected = false;
  readonly counters: PathCounters = { commands: 0, blocks: 0, failures: 0, losses: 0 };
  readonly #clock: Clock;
  readonly #damping: Damping;
  #sinceMs = 0;

  constructor(options: PathOptions, clock: Clock, damping: DampingSettings) {
    const { name, way, succession, weight = 0, isInSubset = true } = options;
    this.name = name;
    this.way = way;
    this.succession = succession;
    this.weight = weight;
    this.isInSubset = isInSubset;
    this.#clock = clock;
    this.#damping = new Damping(damping);
  }

  /** It is there; answers how long it must last until it is relied upon. */
  came(): number {
    this.#sinceMs = this.#clock.nowMs();
    return this.#damping.settleMs;
  }

  lost(): void {
    this.counters.losses++;
    this.#damping.lost(this.#clock.nowMs() - this.#sinceMs);
  }

  get isSettled(): boolean {
    return this.#clock.nowMs() >= this.#sinceMs + this.#damping.settleMs;
  }

  /** Less is better; undefined: it cannot be used. */
  get rank(): number | undefined {
    if (this.way.state !== "usable" || !this.isAdmitted) return undefined;
    const rank = accessRank(this.accessState);
    return rank === undefined || this.isSettled ? rank : rank + UNSETTLED;
  }

  /** Nobody knows yet whether it leads there. */
  get isBeingLookedAt(): boolean {
    const { state } = this.way;
    if (state === "checking") return true;
    return state === "usable" && !this.isAdmitted && this.complaint === undefined;
  }

  /** It is gone, not only being looked at. */
  get isGone(): boolean {
    const { state } = this.way;
    return this.complaint !== undefined || (state !== "usable" && state !== "checking");
  }

  get state(): PathState {
    const { state } = this.way;
    if (this.complaint !== undefined || state === "quarantined") return "quarantined";
    if (this.isBeingLookedAt) return "probing";
    if (state !== "usable") return "failed";
    if (this.isSelected) return "active";
    return this.isSettled ? "standby" : "probing";
  }

  /** Why it is not used. */
  get reason(): string {
    if (this.complaint !== undefined) return this.complaint;
    const error = this.way.lastError ?? this.succession.kept.lastError;
    return error?.message ?? this.state;
  }

  /** Carries a command out, counted; `blocks` is what it moves. */
  async execute(request: CommandRequest, blocks: number): Promise<CommandResult> {
    this.commands++;
    this.blocks += blocks;
    try {
      const result = await this.way.execute(request);
      this.counters.commands++;
      this.counters.blocks += blocks;
      return result;
    } catch (error) {
      if (error instanceof CommandFailure) this.counters.failures++;
      throw error;
    } finally {
      this.commands--;
      this.blocks -= blocks;
    }
  }
}
