/** Devices that programs of this machine use: served over NBD on a Unix socket. */
import { InFlight } from "../block/in_flight.ts";
import { ControlError } from "../config/control_error.ts";
import type { MultipathUnit } from "../initiator/multipath/multipath_unit.ts";
import { RemoteDisk } from "../initiator/remote_disk.ts";
import { Export } from "../nbd/server/export.ts";
import { NbdServer } from "../nbd/server/server.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { AttachmentFacts } from "./facts.ts";

export interface AttachmentsOptions {
  /** Where the socket is to be. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long clients have for what they have asked. */
const DRAIN_MS = 5_000;

export interface Attached {
  readonly name: string;
  readonly disk: RemoteDisk;
  readonly served: Export;
  readonly readOnly: boolean;
}

export class Attachments {
  readonly #server: NbdServer;
  readonly #path: string;
  /** What is being attached or detached. */
  readonly #busy = new InFlight();

  constructor({ path, clock, logger }: AttachmentsOptions) {
    this.#server = new NbdServer({ clock, logger });
    this.#path = path;
  }

  /** The socket is its user's alone; what a dead service left there is replaced. */
  async listen(): Promise<void> {
    await Deno.remove(this.#path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    const umask = Deno.umask(0o177);
    try {
      this.#server.listen({ transport: "unix", path: this.#path });
    } finally {
      Deno.umask(umask);
    }
  }

  /** Serves a unit under a name; waits until it can be reached. */
  attach(name: string, unit: MultipathUnit, readOnly: boolean): Promise<Attached> {
    return this.#busy.during(async () => {
      const disk = await RemoteDisk.open(unit, { readOnly });
      const served = new Export({ name, device: disk, readOnly });
      this.#server.exports.add(served);
      return { name, disk, served, readOnly };
    });
  }

  /** Clients that use it now. */
  clientsOf({ served }: Attached): number {
    return this.#server.clientsOf(served);
  }

  facts(attached: Attached): AttachmentFacts {
    return {
      readOnly: attached.readOnly,
      url: `nbd+unix:///${encodeURI(attached.name)}?socket=${encodeURI(this.#path)}`,
      path: null,
      clients: this.clientsOf(attached),
      mounts: [],
    };
  }

  /** Refuses where somebody uses it, unless forced; then flushes it and lets go of it. */
  detach(attached: Attached, { force }: { readonly force: boolean }): Promise<void> {
    const clients = this.clientsOf(attached);
    if (clients > 0 && !force) {
      throw new ControlError(
        "in-use",
        `${attached.name} is in use by ${clients} client${clients === 1 ? "" : "s"}`,
        "end what uses it, or detach it with --force: whoever uses it loses it",
      );
    }
    return this.#busy.during(async () => {
      await this.#server.withdraw(attached.served, { drainMs: DRAIN_MS });
      await attached.disk.close();
    });
  }

  async close(): Promise<void> {
    await this.#busy.idle();
    await this.#server.close({ drainMs: DRAIN_MS });
    await Deno.remove(this.#path).catch(() => undefined);
  }
}
