/** Looks how near snapshots come to the space that they may take, and tells it once each time. */
import type { EventSink } from "../../events/event_sink.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { exactSize } from "../size.ts";
import { chainOf } from "./find_snapshot.ts";
import { spaceOfSnapshots } from "./space.ts";

const LOOK_MS = 30_000;
/** Of what they may take: from there on it is low. */
const LOW = 0.8;

type Level = "enough" | "low" | "exhausted";
const LEVELS: readonly Level[] = ["enough", "low", "exhausted"];

export interface SpaceWatchOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly logger: Logger;
  readonly state: () => DeclaredState;
}

export class SpaceWatch {
  readonly #options: SpaceWatchOptions;
  /** By UUID, of those with a limit. */
  readonly #levels = new Map<string, Level>();
  #looking: Promise<void> = Promise.resolve();
  #callOff: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SpaceWatchOptions) {
    this.#options = options;
  }

  /** Looks now, and from time to time from then on. */
  look(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#isStopped || this.#watched().length === 0) return this.#levels.clear();
    this.#looking = this.#looking.then(() => this.#round());
    this.#callOff = this.#options.clock.after(LOOK_MS, () => this.look());
  }

  /** What somebody has to see to, a sentence each. */
  troubles(): string[] {
    return this.#watched().flatMap(({ uuid, name, snapshotSpace }) => {
      const level = this.#levels.get(uuid) ?? "enough";
      if (level === "enough") return [];
      const how = level === "low" ? "nearly all" : "all";
      const rest = level === "low" ? "" : ", and no more are taken";
      return [
        `disk ${name}: its snapshots take ${how} of their ${exactSize(snapshotSpace!)}${rest}`,
      ];
    });
  }

  /** Resolves when it is known how things are. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#callOff?.();
    await this.#looking;
  }

  #watched(): DeclaredDisk[] {
    return this.#options.state().disks.filter((disk) =>
      disk.snapshotSpace !== undefined && chainOf(disk).snapshots.length > 0
    );
  }

  async #round(): Promise<void> {
    for (const disk of this.#watched()) {
      try {
        await this.#judge(disk);
      } catch (error) {
        const reason = String(error);
        this.#options.logger.warn("the space of snapshots is not known", {
          disk: disk.name,
          reason,
        });
      }
    }
  }

  async #judge(disk: DeclaredDisk): Promise<void> {
    const { uuid, name, snapshotSpace: limit } = disk;
    const space = await spaceOfSnapshots(this.#options.state(), disk);
    if (space === null) return;
    const level = space >= limit! ? "exhausted" : space >= LOW * limit! ? "low" : "enough";
    const before = this.#levels.get(uuid) ?? "enough";
    this.#levels.set(uuid, level);
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(before)) return;
    const { events } = this.#options;
    if (level === "exhausted") {
      events.note("snapshot-space-exhausted", { disk: name, limit: limit! });
    } else {
      const percent = Math.floor(space / limit! * 100);
      events.note("snapshot-space-low", { disk: name, limit: limit!, percent });
    }
  }
}
