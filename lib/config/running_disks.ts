/** The disks of the running service, by their UUIDs, which outlive their names. */
import { within } from "../runtime/within.ts";
import { ControlError } from "./control.ts";
import { openNew } from "./open_new.ts";
import { type DiskSurroundings, RunningDisk } from "./running_disk.ts";
import type { DeclaredDisk } from "./schema.ts";

/** How long a change waits for a disk that is removed: after that it is closed all the same. */
const CLOSE_MS = 15_000;

export class RunningDisks {
  readonly #around: DiskSurroundings;
  readonly #disks = new Map<string, RunningDisk>();

  constructor(around: DiskSurroundings) {
    this.#around = around;
  }

  get byUuid(): ReadonlyMap<string, RunningDisk> {
    return this.#disks;
  }

  get(uuid: string): RunningDisk | undefined {
    return this.#disks.get(uuid);
  }

  /** What stands in for a disk that is absent. */
  standIn(uuid: string): RunningDisk | undefined {
    const disk = this.#disks.get(uuid);
    return disk?.isOpen === false ? disk : undefined;
  }

  /** Opens what is declared when the service begins; what cannot be opened is stood in for. */
  async openAll(declared: readonly DeclaredDisk[]): Promise<void> {
    await Promise.all(declared.map(async (disk) => {
      const running = await RunningDisk.openOrFail(disk, this.#around);
      this.#disks.set(disk.uuid, running);
      const { failure } = running.condition;
      if (failure === null) return;
      this.#around.logger.error("a disk cannot be opened", { disk: disk.name, reason: failure });
      this.#around.events.note("disk-absent", { disk: disk.name, reason: failure });
    }));
  }

  /** Opens what is declared and not open, all or none; answers what it opened. */
  async openNew(declared: readonly DeclaredDisk[]): Promise<ReadonlyMap<string, RunningDisk>> {
    return await openNew(declared, this.#disks, this.#around);
  }

  /** Takes disks up. */
  add(opened: ReadonlyMap<string, RunningDisk>): void {
    for (const [uuid, disk] of opened) this.#disks.set(uuid, disk);
  }

  /** Gives up disks that were opened for a change that did not come about. */
  async abandon(opened: ReadonlyMap<string, RunningDisk>): Promise<void> {
    for (const uuid of opened.keys()) this.#disks.delete(uuid);
    await Promise.all([...opened.values()].map((disk) => disk.close()));
  }

  /** The disk, which has to be open and well. */
  ready({ uuid, name }: DeclaredDisk): RunningDisk {
    const disk = this.#disks.get(uuid)!;
    const { failure } = disk.condition;
    if (failure === null) return disk;
    throw new ControlError("failed", `disk ${name} is not ready: ${failure}`);
  }

  /** Goes on with a disk that was halted; answers it. */
  async resume(declared: DeclaredDisk): Promise<RunningDisk> {
    const disk = this.#disks.get(declared.uuid)!;
    await disk.resume(declared, this.#around);
    const { failure } = disk.condition;
    const { name } = declared;
    if (failure !== null) this.#around.events.note("disk-absent", { disk: name, reason: failure });
    return disk;
  }

  /** Closes those that are declared no more. */
  async closeGone(declared: readonly DeclaredDisk[]): Promise<void> {
    const kept = new Set(declared.map(({ uuid }) => uuid));
    for (const [uuid, disk] of this.#disks) {
      if (kept.has(uuid)) continue;
      this.#disks.delete(uuid);
      const closed = this.close(uuid, disk);
      if (await within(this.#around.clock, CLOSE_MS, [closed])) continue;
      this.#around.logger.warn("a disk that was removed is still being closed", { uuid });
    }
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#disks].map(([uuid, disk]) => this.close(uuid, disk)));
    this.#disks.clear();
  }

  async close(uuid: string, disk: RunningDisk): Promise<void> {
    try {
      await disk.close();
    } catch (error) {
      // The disk is given up either way; that its last writes may be lost must be known.
      const { logger, events, nameOf } = this.#around;
      const reason = String(error);
      logger.error("a disk was not closed well", { uuid, reason });
      events.note("disk-not-closed", { disk: nameOf(uuid), reason });
    }
  }
}
