/**
 * What carries commands to one logical unit: a path, or several that stand in for each other. A
 * {@link RemoteDisk} needs no more.
 */
import type { ReceivedSense } from "../scsi/sense_data.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import type { Ask, UnitFacts } from "./unit_facts.ts";

export interface UnitRoute {
  /** For errors: `LUN 0 of iqn.… at 192.0.2.1:3260`. */
  readonly where: string;
  /** What the unit is; undefined before it was first reached. */
  readonly facts: UnitFacts | undefined;
  readonly observers: Set<UnitRouteObserver>;
  /** Resolves with the facts once the unit can be used; fails where it will not be. */
  ready(): Promise<UnitFacts>;
  /**
   * Has the unit carry a command out. What may pass is tried again behind this; the result is GOOD,
   * or a status for good. Fails with CommandFailure or UnitError where there is none.
   */
  execute(request: CommandRequest): Promise<CommandResult>;
}

export interface UnitRouteObserver {
  /** Its capacity, or something else of it, is not what it was. */
  factsChanged?(before: UnitFacts): void;
  /**
   * What the unit had acknowledged and not put on its medium may be gone: the target may have been
   * restarted. Nothing that was asked goes on before this has resolved; `ask` goes straight to the
   * unit. Fails only as `ask` does: then it is called again with the next session.
   */
  cacheSuspected?(ask: Ask): Promise<void>;
  /** A write that had been acknowledged has failed after all. SPC-4 4.5.6. */
  deferredError?(sense: ReceivedSense): void;
}
