/**
 * Devices that programs of this machine use: each is an export on a Unix socket of ours, and a
 * block device or a file besides, where this machine gives one. What a crash has left of them is
 * taken away at the next start.
 */
import type { BlockDevice } from "../../block/device.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { type Logger, silentLogger } from "../../runtime/logger.ts";
import { nbdUrl } from "../address.ts";
import { Export } from "../server/export.ts";
import { NbdServer } from "../server/server.ts";
import { AttachError } from "./attach_error.ts";
import { clearStack, requireFree } from "./clear_stack.ts";
import { clearLeft } from "./left.ts";
import type { LocalDevice, LocalDeviceOptions } from "./local_device.ts";
import { makeLocalDevice } from "./make_local_device.ts";
import { stackOn } from "./stack.ts";
import type { AttachWay } from "./way.ts";

export interface AttachmentsOptions {
  /** Of ours alone: the socket is in it, and the files. */
  readonly directory: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface AttachOptions {
  /** By which the export goes. */
  readonly name: string;
  /** Stays the caller's, and is in use until it is detached. */
  readonly device: BlockDevice;
  readonly readOnly?: boolean;
  readonly description?: string;
  /** The best that this machine gives, without. */
  readonly way?: AttachWay | undefined;
  /** Octets of a block of the kernel's device; 512 without. */
  readonly blockLength?: number;
}

export interface Attachment {
  readonly name: string;
  readonly readOnly: boolean;
  readonly way: AttachWay;
  /** `nbd+unix:///NAME?socket=PATH`. */
  readonly url: string;
  /** The block device, or the file; null: it is reached by its URL alone. */
  readonly path: string | null;
  /** Connections that use it now, but for those of the block device or the file. */
  readonly clients: number;
  /** Where file systems on it are mounted. */
  readonly mounts: readonly string[];
}

interface Attached {
  readonly served: Export;
  readonly url: string;
  readonly local: LocalDevice | undefined;
  /** Connections that the local device has. */
  readonly ownClients: number;
}

/** How long clients are given to have answered what they asked. */
const DRAIN_MS = 5000;

export class Attachments {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #server: NbdServer;
  readonly #byName = new Map<string, Attached>();
  /** Names that are being attached or detached. */
  readonly #busy = new Set<string>();

  private constructor(directory: string, server: NbdServer, logger: Logger) {
    this.#directory = directory;
    this.#server = server;
    this.#logger = logger;
  }

  /** Takes away what an earlier service has left, and listens, for this user alone. */
  static async open(options: AttachmentsOptions): Promise<Attachments> {
    const { directory, clock = systemClock, logger = silentLogger } = options;
    await Deno.mkdir(folderIn(directory), { recursive: true, mode: 0o700 });
    await clearLeft(folderIn(directory), logger);
    const server = new NbdServer({ clock, logger });
    const path = socketIn(directory);
    await removeSocket(path);
    const umask = Deno.umask(0o177);
    try {
      server.listen({ transport: "unix", path });
    } finally {
      Deno.umask(umask);
    }
    return new Attachments(directory, server, logger);
  }

  async attach(options: AttachOptions): Promise<Attachment> {
    const { name, device, readOnly = false, description = "", way, blockLength = 512 } = options;
    return await this.#alone(name, async () => {
      if (this.#byName.has(name)) {
        const next = "detach it first";
        throw new AttachError("in-use", `${name} is attached already`, next);
      }
      const served = new Export({ name, device, readOnly, description });
      this.#server.exports.add(served);
      try {
        const place = this.#place(served, blockLength);
        const local = await makeLocalDevice(place, way, this.#logger);
        const ownClients = this.#server.clientsOf(served);
        this.#byName.set(name, { served, url: place.url, local, ownClients });
      } catch (error) {
        await this.#server.withdraw(served, { drainMs: 0 });
        throw error;
      }
      return this.find(name)!;
    });
  }

  #place({ name, readOnly }: Export, blockLength: number): LocalDeviceOptions {
    const socket = socketIn(this.#directory);
    const url = nbdUrl({ transport: "unix", path: socket, exportName: name });
    const directory = folderIn(this.#directory);
    const fileName = name.replaceAll("/", "-");
    return { directory, fileName, exportName: name, socket, url, readOnly, blockLength };
  }

  /** What is attached under the name. */
  find(name: string): Attachment | undefined {
    const attached = this.#byName.get(name);
    if (attached === undefined) return undefined;
    const { served, url, local, ownClients } = attached;
    return {
      name,
      readOnly: served.readOnly,
      way: local?.way ?? "url",
      url,
      path: local?.path ?? null,
      clients: Math.max(0, this.#server.clientsOf(served) - ownClients),
      mounts: local === undefined ? [] : stackOn(local.path).mounts,
    };
  }

  /** Refuses while somebody uses it. */
  requireUnused(name: string): void {
    const attached = this.#byName.get(name);
    if (attached === undefined) return;
    if (attached.local !== undefined) requireFree(attached.local.path);
    const { clients } = this.find(name)!;
    if (clients === 0) return;
    const next = "end the programs that use it, or add --force: they lose it";
    const many = `${clients} connection${clients === 1 ? "" : "s"}`;
    throw new AttachError("in-use", `${name} is in use over ${many}`, next);
  }

  /**
   * Resolves when what was written is on the device, and the device is left alone. Refused while it
   * is in use, unless forced: answers then what was taken from whom, a sentence each.
   */
  async detach(name: string, { force = false } = {}): Promise<string[]> {
    return await this.#alone(name, async () => {
      const attached = this.#byName.get(name);
      if (attached === undefined) return [];
      const { served, local } = attached;
      if (!force) this.requireUnused(name);
      const told: string[] = [];
      if (local !== undefined) {
        if (force) told.push(...await clearStack(local.path));
        told.push(...await local.release({ force }));
      }
      for (const what of told) this.#logger.warn("detached what was in use", { name, what });
      this.#byName.delete(name);
      await this.#server.withdraw(served, { drainMs: DRAIN_MS });
      if (!served.readOnly) await served.flush();
      return told;
    });
  }

  /** Detaches everything, whoever uses it, and stops listening. */
  async close(): Promise<void> {
    for (const name of [...this.#byName.keys()]) {
      try {
        await this.detach(name, { force: true });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.error("could not be detached well", { name, reason });
      }
    }
    await this.#server.close({ drainMs: DRAIN_MS });
    await removeSocket(socketIn(this.#directory));
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

/** Whether attachments of the directory have been there, and may have left something. */
export async function mayHaveLeft(directory: string): Promise<boolean> {
  try {
    return (await Deno.stat(folderIn(directory))).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function folderIn(directory: string): string {
  return `${directory}/attached`;
}

function socketIn(directory: string): string {
  return `${directory}/nbd.sock`;
}

async function removeSocket(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
