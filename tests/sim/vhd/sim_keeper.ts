/**
 * Keeps a declared state in files of memory, as the service does in those of a machine: written
 * beside, synced, renamed, and its directory synced. Its one disk is open for as long as it runs.
 */
import type { BlockDevice } from "../../../lib/block/device.ts";
import { ExchangeableDevice } from "../../../lib/block/exchangeable.ts";
import type { DiskFiles, GrowthOptions } from "../../../lib/config/disk_files.ts";
import type { EndedSession } from "../../../lib/config/facts.ts";
import type { FileStore } from "../../../lib/block/file_store.ts";
import type { EventSink } from "../../../lib/events/event_sink.ts";
import { growDevice } from "../../../lib/config/grow_device.ts";
import {
  NO_DISK_COUNTERS,
  NOTHING_RUNS,
  type Observation,
} from "../../../lib/config/observation.ts";
import type { Outcome } from "../../../lib/config/operations/outcome.ts";
import type { DeclaredDisk, DeclaredState } from "../../../lib/config/schema.ts";
import type { SecretBook } from "../../../lib/config/secret_book.ts";
import { settle } from "../../../lib/config/snapshots/settle.ts";
import type { FileExchange, Operation, StateKeeper } from "../../../lib/config/state_keeper.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import type { GivenSurroundings } from "../../../lib/vhd/surroundings.ts";
import { Chance } from "../../support/chance.ts";
import type { SimFiles } from "../../support/sim_files.ts";
import type { TestClock } from "../../support/test_clock.ts";
import { BLOCK, SIZE } from "./crash_disk.ts";

export const STATE = "/state/state.json";

export interface SimKeeperOptions {
  readonly files: SimFiles;
  readonly clock: TestClock;
  readonly bootId: string;
  /** False: nothing is merged by itself. */
  readonly running?: boolean;
}

export class SimKeeper implements StateKeeper {
  readonly directory = "/state";
  readonly files: DiskFiles;
  readonly observation: Observation;
  readonly logger = silentLogger;
  readonly around: GivenSurroundings;
  readonly #files: FileStore;
  #state: DeclaredState;
  #device: ExchangeableDevice | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: SimKeeperOptions, state: DeclaredState) {
    const { clock, bootId, running = true } = options;
    const files = options.files.process();
    this.#files = files;
    this.#state = state;
    const newChildren = { blockLength: BLOCK, growTo: SIZE };
    const small = { recordsOfHalf: 4, regionsOfChunk: 1, newChildren };
    // Each opening has others: no two files have one unique id.
    const seed = [...bootId, ...options.files.paths().join()].reduce(
      (sum, letter) => sum * 31 + letter.charCodeAt(0) >>> 0,
      options.files.operations.length,
    );
    this.around = { files, clock, bootId, random: new Chance(seed), ...small };
    this.files = { around: this.around } as DiskFiles;
    this.observation = {
      ...NOTHING_RUNS,
      running,
      conditionOf: () => {
        const size = this.#device?.size;
        return { state: "ready", failure: null, counters: NO_DISK_COUNTERS, size };
      },
    };
  }

  /** Puts what was left in order, and opens the disk, as a service that starts. */
  static async start(options: SimKeeperOptions): Promise<SimKeeper> {
    const text = new TextDecoder().decode(options.files.octets(STATE));
    const keeper = new SimKeeper(options, JSON.parse(text));
    await settle(keeper);
    keeper.#device = new ExchangeableDevice(await keeper.#open());
    return keeper;
  }

  get events(): never {
    throw new Error("no events are kept");
  }

  get visitors(): never {
    throw new Error("no visitors are kept");
  }

  /** What went wrong with nobody waiting for it. */
  readonly failures: string[] = [];

  get notes(): EventSink {
    return { note: (kind, details) => this.failures.push(`${kind} ${JSON.stringify(details)}`) };
  }

  get schedules(): never {
    throw new Error("there are no schedules");
  }

  get disk(): DeclaredDisk {
    return this.#state.disks[0]!;
  }

  get device(): BlockDevice {
    return this.#device!;
  }

  state(): Promise<DeclaredState> {
    return Promise.resolve(this.#state);
  }

  secrets(): Promise<SecretBook> {
    return Promise.resolve(new Map());
  }

  change(operation: Operation): Promise<Outcome> {
    return this.#inTurn(async () => {
      const outcome = operation(this.#state, new Map());
      await this.#save(outcome.state);
      return outcome;
    });
  }

  exchange(uuids: readonly string[], exchange: FileExchange): Promise<Outcome> {
    return this.#inTurn(async () => {
      if (uuids.length > 0) await this.#device!.halt();
      try {
        const outcome = await exchange.run(this.#state, (state) => this.#save(state));
        await this.#save(outcome.state);
        return outcome;
      } catch (error) {
        await exchange.undo();
        throw error;
      } finally {
        if (uuids.length > 0) this.#device!.resume(await this.#open());
      }
    });
  }

  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    await growDevice(disk, this.device, size, options);
  }

  look(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  endSessions(): Promise<readonly EndedSession[]> {
    return Promise.resolve([]);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.device.close();
  }

  async #open(): Promise<BlockDevice> {
    const { path, chain } = this.disk;
    const force = chain?.merge !== undefined;
    return (await openVhd(path!, { ...this.around, force })).device;
  }

  async #save(state: DeclaredState): Promise<void> {
    const files = this.#files;
    const octets = new TextEncoder().encode(JSON.stringify(state));
    await files.remove(`${STATE}.new`);
    const file = await files.createNew(`${STATE}.new`);
    await file.write(0, octets);
    await file.sync();
    await files.rename(`${STATE}.new`, STATE);
    await files.syncDirectory("/state");
    this.#state = state;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
