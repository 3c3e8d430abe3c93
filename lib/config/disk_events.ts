/** Tells of a disk's failures, not oftener than somebody can read of them. */
import { DeviceError } from "../block/device.ts";
import type { EventSink } from "../events/event_sink.ts";
import { Allowance, type Ration } from "../runtime/allowance.ts";
import type { Clock } from "../runtime/clock.ts";

/** A medium that fails does so thousands of times a second. */
const ERRORS: Ration = { burst: 5, perSecond: 1 / 60 };

export class DiskEvents {
  readonly #events: EventSink;
  readonly #name: () => string;
  readonly #allowance: Allowance;

  /** `name` answers what the disk is called just now. */
  constructor(events: EventSink, clock: Clock, name: () => string) {
    this.#events = events;
    this.#name = name;
    this.#allowance = new Allowance(clock, ERRORS);
  }

  /** The device could not do what it was asked for. */
  noteError(error: unknown): void {
    if (!(error instanceof DeviceError)) return;
    if (error.kind !== "medium" && error.kind !== "no-space") return;
    if (!this.#allowance.take()) return;
    this.#events.note("disk-error", { disk: this.#name(), reason: error.message });
  }

  /** A flush failed: writes are refused from now on. */
  noteFenced(reason: string): void {
    this.#events.note("disk-failed", { disk: this.#name(), reason });
  }
}
