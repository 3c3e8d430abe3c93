/** What the running service does by itself: schedules, and watching the space of snapshots. */
import type { EventSink } from "../events/event_sink.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { runSchedule } from "./schedules/run_schedule.ts";
import { Scheduler } from "./schedules/scheduler.ts";
import type { DeclaredState } from "./schema.ts";
import type { SnapshotControl } from "./snapshot_control.ts";
import { SpaceWatch } from "./snapshots/space_watch.ts";
import { scheduleRunsFile } from "./state_directory.ts";

export interface UpkeepOptions {
  /** Of the state. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
  readonly snapshots: SnapshotControl;
  readonly state: () => DeclaredState;
}

export class Upkeep {
  readonly schedules: Scheduler;
  readonly snapshotSpace: SpaceWatch;

  constructor({ directory, snapshots, state, ...rest }: UpkeepOptions) {
    const path = scheduleRunsFile(directory);
    const run = (schedule: Parameters<typeof runSchedule>[1], signal: AbortSignal) =>
      runSchedule(snapshots, schedule, signal);
    this.schedules = new Scheduler({ path, run, ...rest });
    this.snapshotSpace = new SpaceWatch({ state, ...rest });
  }

  /** Something else is declared from now on. */
  reconcile({ schedules }: DeclaredState): void {
    this.schedules.reconcile(schedules ?? []);
    this.snapshotSpace.look();
  }

  /** What somebody has to see to, a sentence each. */
  troubles(): string[] {
    return [...this.snapshotSpace.troubles(), ...this.schedules.troubles()];
  }

  async stop(): Promise<void> {
    await Promise.all([this.schedules.stop(), this.snapshotSpace.stop()]);
  }
}
