/** Devices that programs of this machine use: remote disks, attached. */
import { attachFailure } from "../config/attach_failure.ts";
import type { EventSink } from "../events/event_sink.ts";
import type { MultipathUnit } from "../initiator/multipath/multipath_unit.ts";
import { RemoteDisk } from "../initiator/remote_disk.ts";
import { Attachments as LocalAttachments } from "../nbd/attach/attachments.ts";
import type { AttachWay } from "../nbd/attach/way.ts";
import { Allowance, type Ration } from "../runtime/allowance.ts";
import type { Clock } from "../runtime/clock.ts";
import { InFlight } from "../block/in_flight.ts";
import type { Logger } from "../runtime/logger.ts";
import type { AttachmentFacts } from "./facts.ts";

export interface AttachmentsOptions {
  /** Where the socket is to be, and the files. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
}

/** A device whose paths are gone fails every flush: that is told of at first, then now and then. */
const FLUSH_FAILURES: Ration = { burst: 4, perSecond: 1 / 300 };

export interface Attached {
  readonly name: string;
  readonly disk: RemoteDisk;
}

/** How a device is to be attached. */
export interface AttachmentChoice {
  readonly readOnly: boolean;
  /** The best that this machine gives, without. */
  readonly way?: AttachWay | undefined;
}

export class Attachments {
  readonly #options: AttachmentsOptions;
  /** What is being attached or detached. */
  readonly #busy = new InFlight();
  #local: LocalAttachments | undefined;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  async listen(): Promise<void> {
    this.#local = await LocalAttachments.open(this.#options);
  }

  get #open(): LocalAttachments {
    if (this.#local === undefined) throw new Error("attachments are not open");
    return this.#local;
  }

  /** Attaches a unit under a name; waits until it can be reached. */
  attach(
    name: string,
    unit: MultipathUnit,
    { readOnly, way }: AttachmentChoice,
  ): Promise<Attached> {
    return this.#busy.during(async () => {
      const disk = await RemoteDisk.open(unit, {
        readOnly,
        onFlushFailed: this.#tellOfFlushes(name),
      });
      try {
        const { blockLength } = unit.facts!;
        await this.#open.attach({ name, device: disk, readOnly, way, blockLength });
        return { name, disk };
      } catch (error) {
        await disk.close();
        throw attachFailure(`device ${name} cannot be attached`, error);
      }
    });
  }

  #tellOfFlushes(device: string): (reason: string) => void {
    const { clock, events } = this.#options;
    const allowance = new Allowance(clock, FLUSH_FAILURES);
    return (reason) => {
      if (allowance.take()) events.note("flush-failed", { device, reason });
    };
  }

  facts({ name }: Attached): AttachmentFacts {
    const { readOnly, way, url, path, clients, mounts } = this.#open.find(name)!;
    return { readOnly, way, url, path, clients, mounts };
  }

  /**
   * Refuses where somebody uses it, unless forced; then flushes it and lets go of it. Answers what
   * was taken from whom, a sentence each.
   */
  detach({ name, disk }: Attached, options: { readonly force: boolean }): Promise<string[]> {
    return this.#busy.during(async () => {
      try {
        const told = await this.#open.detach(name, options);
        await disk.close();
        return told;
      } catch (error) {
        throw attachFailure(`device ${name} cannot be detached`, error);
      }
    });
  }

  async close(): Promise<void> {
    await this.#busy.idle();
    await this.#local?.close();
  }
}
