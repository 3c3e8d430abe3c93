/**
 * A disk of the running service: its device, opened, and the logical unit that stands before it.
 */
import { ExchangeableDevice } from "../block/exchangeable.ts";
import type { BlockDevice } from "../block/device.ts";
import { MeteredDevice } from "../block/metered.ts";
import { LogicalUnit } from "../scsi/logical_unit.ts";
import { AbsentDevice } from "./absent_device.ts";
import { RETRY_MS } from "./absent_disks.ts";
import { ControlError } from "./control_error.ts";
import type { DiskFiles, GrowthOptions } from "./disk_files.ts";
import { growDevice, growsNot } from "./grow_device.ts";
import type { DiskCondition } from "./observation.ts";
import { fileReservationStore } from "./reservation_file.ts";
import type { DeclaredDisk } from "./schema.ts";
import { DiskEvents } from "./disk_events.ts";
import type { EventSink } from "../events/event_sink.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { VERSION } from "./version.ts";

/** What INQUIRY says of every disk. */
const PRODUCT = {
  vendor: "SANCTL",
  product: "VIRTUAL DISK",
  revision: VERSION.split(".").slice(0, 2).join("."),
} as const;

/** What a disk needs besides its declaration. */
export interface DiskSurroundings {
  readonly files: DiskFiles;
  /** Where reservations are kept that outlive a loss of power. */
  readonly reservationDirectory: string;
  readonly events: EventSink;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What the disk of that UUID is called just now. */
  nameOf(uuid: string): string;
}

export class RunningDisk {
  readonly unit: LogicalUnit;
  readonly #device: MeteredDevice;
  readonly #exchangeable: ExchangeableDevice;
  /** Why it could not be opened. */
  #failure: string | null;
  #isGrowing = false;
  readonly #closing = new AbortController();

  private constructor(
    unit: LogicalUnit,
    device: MeteredDevice,
    exchangeable: ExchangeableDevice,
    failure: string | null,
  ) {
    this.unit = unit;
    this.#device = device;
    this.#exchangeable = exchangeable;
    this.#failure = failure;
    unit.medium.available = failure === null;
  }

  /** Opens the disk, or refuses with why it cannot be. */
  static async open(disk: DeclaredDisk, around: DiskSurroundings): Promise<RunningDisk> {
    const events = new DiskEvents(around.events, around.clock, () => around.nameOf(disk.uuid));
    const exchangeable = new ExchangeableDevice(await around.files.open(disk, around.logger));
    const device = new MeteredDevice(exchangeable, (error) => events.noteError(error));
    try {
      const unit = unitOf(disk, device, { around, events });
      return new RunningDisk(unit, device, exchangeable, null);
    } catch (error) {
      await device.close();
      throw error;
    }
  }

  /** Opens the disk; one that cannot be is there all the same, not ready, with the reason. */
  static async openOrFail(disk: DeclaredDisk, around: DiskSurroundings): Promise<RunningDisk> {
    try {
      return await RunningDisk.open(disk, around);
    } catch (error) {
      const reason = reasonOf(error);
      const exchangeable = new ExchangeableDevice(new AbsentDevice(disk.size, reason));
      const device = new MeteredDevice(exchangeable);
      // Without its reservations: nothing can be read or written that they would protect.
      return new RunningDisk(unitOf(disk, device), device, exchangeable, reason);
    }
  }

  /** False: it stands in for a disk that could not be opened. */
  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** The disk that this stands in for could not be opened again, for this reason. */
  stillFails(error: unknown): void {
    this.#failure = reasonOf(error);
  }

  get condition(): DiskCondition {
    const { counters } = this.#device;
    const failure = this.#failure ?? this.unit.fenced ?? this.#device.trouble ?? null;
    return {
      state: failure === null ? "ready" : "failed",
      failure,
      size: this.#device.size,
      counters: {
        reads: counters.reads,
        octetsRead: counters.readOctets,
        writes: counters.writes,
        octetsWritten: counters.writtenOctets,
        flushes: counters.flushes,
        unmaps: counters.unmaps,
        octetsUnmapped: counters.unmappedOctets,
        errors: counters.errors,
      },
    };
  }

  /** Makes it larger; those who use it go on meanwhile. */
  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    const { name } = disk;
    if (this.#failure !== null) {
      throw new ControlError("failed", `disk ${name} is not ready: ${this.#failure}`);
    }
    if (this.#isGrowing) throw beingExtended(name, " already");
    if (!this.#exchangeable.grows) throw growsNot(name);
    this.#isGrowing = true;
    await this.#exchangeable.callOffLooks(beingExtended(name));
    const signals = [this.#closing.signal, options.signal].filter((each) => each !== undefined);
    try {
      const signal = AbortSignal.any(signals);
      await growDevice(disk, this.#device, size, { ...options, signal });
    } finally {
      this.#isGrowing = false;
    }
  }

  /** Has `look` see the files that it has now; it is called off before they are closed. */
  async look<T>(
    { name }: DeclaredDisk,
    look: (device: BlockDevice, closed: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#isGrowing) throw beingExtended(name);
    return await this.#exchangeable.look(look);
  }

  /** Flushes and closes the files; whoever uses the disk waits until `resume`. */
  async halt({ name }: DeclaredDisk): Promise<void> {
    if (this.#isGrowing) throw beingExtended(name);
    try {
      await this.#exchangeable.halt();
    } catch (error) {
      this.unit.fence(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** Opens the files that the disk has now, and lets those go on who use it. */
  async resume(disk: DeclaredDisk, { files }: DiskSurroundings): Promise<void> {
    if (!this.#exchangeable.isHalted) return;
    let device: BlockDevice;
    try {
      device = await files.open(disk);
    } catch (error) {
      this.#failure = reasonOf(error);
      device = new AbsentDevice(disk.size, this.#failure);
    }
    this.unit.medium.available = this.#failure === null;
    this.unit.mediumExchanged();
    this.#exchangeable.resume(device);
  }

  /** Flushes and lets go of the medium; a growth is called off. */
  close(): Promise<void> {
    const reason = "the disk was removed, or the service ended, while it was extended";
    this.#closing.abort(new ControlError("failed", reason));
    return this.#device.close();
  }
}

function beingExtended(name: string, already = ""): ControlError {
  const next = "wait until that is done";
  return new ControlError("in-use", `disk ${name} is being extended${already}`, next);
}

/** What failed, what to do about it, and what becomes of it then. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const nextStep = error instanceof ControlError ? error.nextStep : undefined;
  const again = `it is tried again every ${RETRY_MS / 1000} seconds`;
  return [error.message, nextStep, again].filter((each) => each !== undefined).join("; ");
}

interface OpenDisk {
  readonly around: DiskSurroundings;
  readonly events: DiskEvents;
}

/** Without `open`: one that stands in for a disk that is absent. */
function unitOf(disk: DeclaredDisk, device: MeteredDevice, open?: OpenDisk): LogicalUnit {
  // What is in memory does not outlive a loss of power, so neither do its reservations.
  const store = open === undefined || disk.format === "mem"
    ? {}
    : { reservationStore: fileReservationStore(open.around.reservationDirectory, disk.uuid) };
  return new LogicalUnit({
    device,
    identity: { uuid: Uint8Array.fromHex(disk.uuid.replaceAll("-", "")), ...PRODUCT },
    blockLength: disk.logicalBlockLength,
    physicalBlockLength: disk.physicalBlockLength,
    removable: disk.removable,
    ...(open === undefined ? {} : { onFenced: (reason) => open.events.noteFenced(reason) }),
    ...store,
  });
}
