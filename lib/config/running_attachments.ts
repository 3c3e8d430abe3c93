/** The disks that programs of this machine use, brought to what is declared. */
import { type Attachment, Attachments, mayHaveLeft } from "../nbd/attach/attachments.ts";
import { liesOn } from "../nbd/attach/stack.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { attachFailure } from "./attach_failure.ts";
import { AttachedDevice } from "./attached_device.ts";
import { ControlError } from "./control_error.ts";
import type { RunningDisk } from "./running_disk.ts";
import type { DeclaredAttachment, DeclaredDisk, DeclaredState } from "./schema.ts";

export interface RunningAttachmentsOptions {
  /** The state directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The disk of that UUID as it runs. */
  readonly disk: (uuid: string) => RunningDisk | undefined;
}

/** What was done before the state is saved, and can be undone. */
export interface PreparedAttachments {
  /** What was taken from whom, a sentence each. */
  readonly notices: readonly string[];
  undo(): Promise<void>;
}

/** As it was attached: its name may change. */
interface Entry {
  readonly disk: DeclaredDisk;
  readonly declared: DeclaredAttachment;
}

export class RunningAttachments {
  readonly #options: RunningAttachmentsOptions;
  readonly #byUuid = new Map<string, Entry>();
  readonly #failures = new Map<string, string>();
  #attachments: Attachments | undefined;

  constructor(options: RunningAttachmentsOptions) {
    this.#options = options;
  }

  /** Takes away what a service that crashed has left. */
  async begin(): Promise<void> {
    if (await mayHaveLeft(this.#options.directory)) await this.#open();
  }

  /** Attaches again what is declared to be, as far as that can be done now. */
  async restore(disks: readonly DeclaredDisk[]): Promise<void> {
    const missing = disks.filter(({ uuid, attached }) =>
      attached !== undefined && !this.#byUuid.has(uuid)
    );
    await Promise.all(missing.map(async (disk) => {
      try {
        await this.#attach(disk, disk.attached!);
      } catch (error) {
        if (!(error instanceof ControlError)) throw error;
        this.#failures.set(disk.uuid, error.message);
        this.#options.logger.error("a disk cannot be attached", {
          disk: disk.name,
          reason: error.message,
        });
      }
    }));
  }

  /** Detaches and attaches what the change of the state asks for: all of it, or nothing. */
  async prepare(
    before: DeclaredState,
    after: DeclaredState,
    force: boolean,
  ): Promise<PreparedAttachments> {
    const wanted = new Map(after.disks.map((disk) => [disk.uuid, disk]));
    const known = new Map(before.disks.map(({ uuid, attached }) => [uuid, attached]));
    const gone = [...this.#byUuid].filter(([uuid]) => wanted.get(uuid)?.attached === undefined);
    const added = after.disks.filter(({ uuid, attached }) =>
      attached !== undefined && known.get(uuid) === undefined
    );
    const undone: (() => Promise<unknown>)[] = [];
    const notices: string[] = [];
    const undo = async (): Promise<void> => {
      for (const each of undone.toReversed()) await each();
    };
    try {
      for (const [uuid, { disk, declared }] of gone) {
        notices.push(...await this.#detach(uuid, force));
        undone.push(() => this.#attach(disk, declared));
      }
      for (const disk of added) {
        await this.#attach(disk, disk.attached!);
        undone.push(() => this.#detach(disk.uuid, true));
      }
    } catch (error) {
      await undo();
      throw error;
    }
    for (const { uuid } of before.disks) {
      if (wanted.get(uuid)?.attached === undefined) this.#failures.delete(uuid);
    }
    return { notices, undo };
  }

  async #attach(disk: DeclaredDisk, declared: DeclaredAttachment): Promise<void> {
    const { uuid, name, description, logicalBlockLength } = disk;
    const running = this.#options.disk(uuid);
    const failure = running?.condition.failure ?? null;
    if (running === undefined || failure !== null) {
      throw new ControlError("failed", `disk ${name} is not ready: ${failure ?? "it is gone"}`);
    }
    const attachments = await this.#open();
    try {
      await attachments.attach({
        ...{ name, description, ...declared },
        device: new AttachedDevice(running.unit),
        blockLength: logicalBlockLength,
      });
    } catch (error) {
      throw attachFailure(`disk ${name} cannot be attached`, error);
    }
    this.#byUuid.set(uuid, { disk, declared });
    this.#failures.delete(uuid);
  }

  async #detach(uuid: string, force: boolean): Promise<string[]> {
    const { disk: { name } } = this.#byUuid.get(uuid)!;
    try {
      const told = await this.#attachments!.detach(name, { force });
      this.#byUuid.delete(uuid);
      return told;
    } catch (error) {
      throw attachFailure(`disk ${name} cannot be detached`, error);
    }
  }

  async #open(): Promise<Attachments> {
    return this.#attachments ??= await Attachments.open(this.#options);
  }

  /** How the disk is attached now; undefined: it is not. */
  find(uuid: string): Attachment | undefined {
    const entry = this.#byUuid.get(uuid);
    return entry === undefined ? undefined : this.#attachments!.find(entry.disk.name);
  }

  /** The name of the attached disk that the path lies on. */
  under(path: string): string | undefined {
    for (const [uuid, { disk }] of this.#byUuid) {
      const base = this.find(uuid)?.path ?? null;
      if (base !== null && liesOn(path, base)) return disk.name;
    }
    return undefined;
  }

  /** Why the disk, which is declared to be attached, is not. */
  failureOf(uuid: string): string | undefined {
    return this.#failures.get(uuid);
  }

  /** Flushes and takes away everything; what is declared is attached again at the next start. */
  async stop(): Promise<void> {
    this.#byUuid.clear();
    await this.#attachments?.close();
    this.#attachments = undefined;
  }
}
