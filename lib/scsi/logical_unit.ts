/**
 * A logical unit: a block device with the state that SCSI keeps around it. Shared by every session
 * that reaches the disk, through whatever target and LUN. SAM-5 4.6.8.
 */
import type { BlockDevice } from "../block/device.ts";
import { RangeLocks } from "../block/range_locks.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { Medium } from "./medium.ts";
import { ModePages } from "./mode_pages.ts";
import type { Nexus } from "./nexus.ts";
import { Reservations, type ReservationStore } from "./reservations.ts";
import { BUS_DEVICE_RESET_OCCURRED, type Sense } from "./sense.ts";
import { TaskSet } from "./task_set.ts";
import { UnitAttentions } from "./unit_attention.ts";

/**
 * Who the unit is: the same on every portal, after every restart, rename and move; another for a
 * clone.
 */
export interface Identity {
  /** The disk's UUID, from which VPD pages 80h and 83h derive. */
  readonly uuid: Uint8Array;
  /** T10 VENDOR IDENTIFICATION, at most 8 characters. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION, at most 16 characters. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL, at most 4 characters. */
  readonly revision: string;
}

export interface LogicalUnitOptions {
  readonly device: BlockDevice;
  readonly identity: Identity;
  /** Octets a logical block: 512 or 4096. */
  readonly blockLength?: number;
  /** Octets a physical block: a power of two, at least `blockLength`. */
  readonly physicalBlockLength?: number;
  /** RMB of standard INQUIRY data: the medium can be ejected and prevented from it. */
  readonly removable?: boolean;
  /** Where reservations with APTPL are kept; without one APTPL is not offered. */
  readonly reservationStore?: ReservationStore;
  /** Called when a flush has failed, with what `fenced` says from then on. */
  readonly onFenced?: (reason: string) => void;
  /** By which work in the background keeps its pace; the machine's own without. */
  readonly clock?: Clock;
}

export class LogicalUnit {
  device: BlockDevice;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly blockLength: number;
  /** LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT. SBC-3 5.16.2. */
  readonly physicalBlockExponent: number;
  readonly removable: boolean;
  readonly attentions = new UnitAttentions();
  readonly tasks = new TaskSet();
  readonly locks = new RangeLocks();
  readonly medium: Medium;
  readonly mode: ModePages;
  readonly reservations: Reservations;
  #fenced: string | undefined;
  readonly #onFenced: ((reason: string) => void) | undefined;

  constructor(options: LogicalUnitOptions) {
    this.device = options.device;
    this.#onFenced = options.onFenced;
    this.identity = options.identity;
    this.clock = options.clock ?? systemClock;
    this.blockLength = options.blockLength ?? 512;
    const physical = options.physicalBlockLength ?? this.blockLength;
    this.physicalBlockExponent = Math.log2(physical / this.blockLength);
    if (!Number.isInteger(this.physicalBlockExponent) || this.physicalBlockExponent < 0) {
      throw new RangeError(
        `a physical block of ${physical} octets does not hold whole logical ones`,
      );
    }
    this.removable = options.removable ?? false;
    this.medium = new Medium(this.removable);
    this.mode = new ModePages();
    this.reservations = new Reservations(this.attentions, options.reservationStore);
  }

  /** Why writes are refused since a flush failed; undefined while all is well. */
  get fenced(): string | undefined {
    return this.#fenced;
  }

  /** Refuses writes from now on. */
  fence(reason: string): void {
    if (this.#fenced !== undefined) return;
    this.#fenced = reason;
    this.attentions.forgetLost();
    this.#onFenced?.(reason);
  }

  /** Logical blocks; the last one's address is one less. */
  get blockCount(): number {
    return Math.floor(this.device.size / this.blockLength);
  }

  /** LBPME: UNMAP gives space back. */
  get thin(): boolean {
    return this.device.can.unmap;
  }

  /** The medium itself cannot be written, whoever asks. */
  get readOnly(): boolean {
    return !this.device.can.write || this.mode.softwareWriteProtect;
  }

  /** A nexus begins to use the unit. */
  attach(nexus: Nexus): void {
    this.attentions.attach(nexus);
  }

  /** The unit is taken from the nexus: what hangs on that alone goes with it. */
  detach(nexus: Nexus): void {
    this.#release(nexus);
    this.attentions.detach(nexus);
  }

  /** The nexus is lost. SAM-5 6.3.4. Should it come back, it is told what it has to know. */
  lose(nexus: Nexus): void {
    this.#release(nexus);
    if (this.#fenced === undefined) this.attentions.lose(nexus);
    else this.attentions.detach(nexus);
  }

  #release(nexus: Nexus): void {
    this.reservations.nexusLost(nexus);
    this.medium.nexusLost(nexus);
    this.tasks.forget(nexus);
  }

  /** What the medium holds is not what it held: those that were lost are not to rely on it. */
  mediumExchanged(): void {
    this.attentions.forgetLost();
  }

  /**
   * Ends every task, and then forgets what initiators set: SAM-5 6.3.3. All of them are told, the
   * one that asked for it too. A sanitize operation goes on (SBC-3 4.11).
   */
  async reset(condition: Sense = BUS_DEVICE_RESET_OCCURRED): Promise<void> {
    await this.tasks.abort(() => true);
    this.reservations.reset();
    this.medium.reset();
    this.mode.reset();
    this.attentions.forgetLost();
    this.attentions.establishForOthers(condition);
  }
}
