/**
 * Devices that programs of this machine use: each is an export on a Unix socket of ours, and where
 * nbdfuse is there a file besides. What a crash has left of them is taken away at the next start.
 */
import type { BlockDevice } from "../../block/device.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { type Logger, silentLogger } from "../../runtime/logger.ts";
import { nbdUrl } from "../address.ts";
import { Export } from "../server/export.ts";
import { NbdServer } from "../server/server.ts";
import { AttachError } from "./attach_error.ts";
import { FuseFile, removeLeftMount } from "./fuse_file.ts";

export interface AttachmentsOptions {
  /** Of ours alone: the socket is in it, and the files. */
  readonly directory: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface AttachOptions {
  /** By which the export goes; fit for a file's name. */
  readonly name: string;
  /** Stays the caller's, and is in use until it is detached. */
  readonly device: BlockDevice;
  readonly readOnly?: boolean;
  readonly description?: string;
  /** Only the export, where a file could be made too. */
  readonly urlOnly?: boolean;
}

export interface Attachment {
  readonly name: string;
  readonly readOnly: boolean;
  /** `nbd+unix:///NAME?socket=PATH`. */
  readonly url: string;
  /** The file; null: it is reached by its URL alone. */
  readonly path: string | null;
  /** Connections that use it now. */
  readonly clients: number;
}

interface Attached {
  readonly served: Export;
  readonly url: string;
  readonly file: FuseFile | undefined;
}

/** How long clients are given to have answered what they asked. */
const DRAIN_MS = 5000;

export class Attachments {
  readonly #directory: string;
  readonly #server: NbdServer;
  readonly #byName = new Map<string, Attached>();
  /** Names that are being attached or detached. */
  readonly #busy = new Set<string>();

  private constructor(directory: string, server: NbdServer) {
    this.#directory = directory;
    this.#server = server;
  }

  /** Takes away what an earlier service has left, and listens. */
  static async open(options: AttachmentsOptions): Promise<Attachments> {
    const { directory, clock = systemClock, logger = silentLogger } = options;
    await Deno.mkdir(`${directory}/attached`, { recursive: true, mode: 0o700 });
    for await (const { name } of Deno.readDir(`${directory}/attached`)) {
      logger.warn("takes away what was attached when an earlier service ended", { name });
      await removeLeftMount(`${directory}/attached/${name}`);
    }
    const server = new NbdServer({ clock, logger });
    const path = `${directory}/nbd.sock`;
    await removeSocket(path);
    server.listen({ transport: "unix", path });
    await Deno.chmod(path, 0o600);
    return new Attachments(directory, server);
  }

  async attach(options: AttachOptions): Promise<Attachment> {
    const { name, device, readOnly = false, description = "" } = options;
    return await this.#alone(name, async () => {
      if (this.#byName.has(name)) {
        const next = "detach it first";
        throw new AttachError("in-use", `${name} is attached already`, next);
      }
      const served = new Export({ name, device, readOnly, description });
      const path = `${this.#directory}/nbd.sock`;
      const url = nbdUrl({ transport: "unix", path, exportName: name });
      this.#server.exports.add(served);
      try {
        const directory = `${this.#directory}/attached/${name}`;
        const file = options.urlOnly
          ? undefined
          : await FuseFile.mount({ directory, name, url, readOnly: served.readOnly });
        this.#byName.set(name, { served, url, file });
      } catch (error) {
        await this.#server.withdraw(served, { drainMs: 0 });
        throw error;
      }
      return this.find(name)!;
    });
  }

  /** What is attached under the name. */
  find(name: string): Attachment | undefined {
    const attached = this.#byName.get(name);
    if (attached === undefined) return undefined;
    const { served, url, file } = attached;
    const clients = this.#server.clientsOf(served);
    return { name, readOnly: served.readOnly, url, path: file?.path ?? null, clients };
  }

  /** Resolves when the device is left alone. Refused while it is in use, unless forced. */
  async detach(name: string, { force = false } = {}): Promise<void> {
    await this.#alone(name, async () => {
      const attached = this.#byName.get(name);
      if (attached === undefined) return;
      const { served, file } = attached;
      if (file !== undefined) await file.unmount(force);
      else this.#requireUnused(served, force);
      this.#byName.delete(name);
      await this.#server.withdraw(served, { drainMs: DRAIN_MS });
    });
  }

  #requireUnused(served: Export, force: boolean): void {
    const clients = this.#server.clientsOf(served);
    if (clients === 0 || force) return;
    const next = "end the programs that use it, or force it: they lose the disk";
    throw new AttachError("in-use", `${served.name} is used over ${clients} connections`, next);
  }

  /** Detaches everything, whoever uses it, and stops listening. */
  async close(): Promise<void> {
    for (const name of [...this.#byName.keys()]) await this.detach(name, { force: true });
    await this.#server.close({ drainMs: DRAIN_MS });
    await removeSocket(`${this.#directory}/nbd.sock`);
  }

  /** One thing at a time is done with a name. */
  async #alone<T>(name: string, action: () => Promise<T>): Promise<T> {
    if (this.#busy.has(name)) {
      const next = "try again when that is done";
      throw new AttachError("in-use", `${name} is being attached or detached`, next);
    }
    this.#busy.add(name);
    try {
      return await action();
    } finally {
      this.#busy.delete(name);
    }
  }
}

async function removeSocket(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
