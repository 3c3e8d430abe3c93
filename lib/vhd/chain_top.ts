/**
 * The file on top of a chain that is open for writing: gives blocks their places, notes which units
 * it has got, and flushes. README.md says in which order it writes, and why.
 */
import { GroupCommit } from "../block/group_commit.ts";
import { InFlight } from "../block/in_flight.ts";
import type { Clock } from "../runtime/clock.ts";
import { BlankBlocks } from "./blank_blocks.ts";
import { BlockAllocationTable, UNALLOCATED } from "./block_allocation_table.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import type { Journal } from "./journal.ts";
import { LayerMap } from "./layer_map.ts";
import type { Layer } from "./layer.ts";
import { NOBODY, TOP } from "./owner.ts";
import { PendingUnits } from "./pending_units.ts";
import { publish, writeTableSector } from "./publish.ts";

/** What is not durable is made so after this time, even if nobody asks. */
const FLUSH_AFTER_MS = 1000;

export interface ChainTopOptions {
  readonly layer: DynamicLayer;
  /** From the top down: `layer`, then those that it reads through to. */
  readonly layers: readonly Layer[];
  readonly journal: Journal;
  readonly clock: Clock;
  /** Where the footer at the file's end is. */
  readonly end: number;
  /** The file is not to be cut before this. */
  readonly floor: number;
  /** Regions between others that nothing names. */
  readonly gaps: readonly number[];
  /** Regions that are made at once, at first. */
  readonly regionsOfChunk?: number | undefined;
}

export class ChainTop {
  readonly layer: DynamicLayer;
  readonly map: LayerMap;
  /** Transfers that name places in the file; who gives places up waits for them. */
  readonly transfers = new InFlight();
  /** Blocks to which it is getting something, each with whoever came last. */
  readonly turns = new Map<number, Promise<unknown>>();
  /** What it does not hold is in a parent: else it is zeros. */
  readonly isChild: boolean;
  /** From the top down. */
  readonly layers: readonly Layer[];
  /** The end of the file. */
  readonly blanks: BlankBlocks;
  readonly #pending: PendingUnits;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #commits = new GroupCommit(() => this.#commit());
  #callOff: (() => void) | undefined;

  constructor(options: ChainTopOptions) {
    const { layer, layers } = options;
    this.layer = layer;
    this.layers = layers;
    this.isChild = layers.length > 1;
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#pending = new PendingUnits(layer.shape);
    const isPinned = (block: number) => this.turns.has(block) || this.#pending.has(block);
    this.map = new LayerMap(layers, layer.shape, { isPinned });
    const { isChild } = this;
    const settled = () => this.transfers.settled();
    this.blanks = new BlankBlocks({ ...options, isChild, settled });
  }

  /** Runs `work` when nobody else gets something for the block. */
  async inTurn<T>(block: number, work: () => Promise<T>): Promise<T> {
    const { turns } = this;
    const turn = (turns.get(block) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    turns.set(block, settled);
    try {
      return await turn;
    } finally {
      if (turns.get(block) === settled) turns.delete(block);
    }
  }

  /** Gives a block its place, unless no region is ready. */
  placeNow(block: number): boolean {
    const sector = this.blanks.take();
    if (sector === undefined) return false;
    this.layer.table.set(block, sector);
    if (this.isChild) {
      this.layer.table.hold(block);
      this.#pending.addPlace(block);
      this.#flushLater();
      return true;
    }
    // At once: a blank block says the same as none.
    try {
      writeTableSector(this.layer, BlockAllocationTable.sectorOf(block));
    } catch (error) {
      this.layer.table.set(block, UNALLOCATED);
      this.blanks.leave();
      throw error;
    }
    this.map.own(block, TOP);
    return true;
  }

  async place(block: number): Promise<void> {
    while (!this.layer.has(block) && !this.placeNow(block)) await this.blanks.prepare();
  }

  /** Whether that many `claim`s can be made before the next flush. */
  hasRoom(claims: number): boolean {
    return this.#journal.hasRoom(claims);
  }

  /** These units of a block that has a place are written, whole, and are the top's from now on. */
  claim(block: number, firstUnit: number, endUnit: number): void {
    this.#journal.append(block, this.layer.table.get(block), firstUnit, endUnit);
    this.#pending.add(block, firstUnit, endUnit);
    this.map.claim(block, firstUnit, endUnit);
    this.#flushLater();
  }

  /** Gives up the block's place: it reads as zeros. Not for a child, whose parent would show. */
  free(block: number): void {
    const sector = this.layer.table.get(block);
    this.layer.table.set(block, UNALLOCATED);
    try {
      writeTableSector(this.layer, BlockAllocationTable.sectorOf(block));
    } catch (error) {
      this.layer.table.set(block, sector);
      throw error;
    }
    this.map.own(block, NOBODY);
    this.blanks.free(sector);
  }

  /** Resolves when all that was written before the call is on the medium, and can be found. */
  flush(): Promise<void> {
    return this.#commits.join();
  }

  /** Resolves when the file says all by itself that was written before the call. */
  async settled(): Promise<void> {
    await this.transfers.settled();
    await this.flush();
  }

  /** Flushes for the last time and leaves a file that says all by itself. */
  async finish(): Promise<void> {
    this.#callOff?.();
    try {
      await this.transfers.idle();
      await this.blanks.quiet();
      await this.flush();
      await this.blanks.quiet();
      await this.blanks.trim();
    } catch (error) {
      this.#journal.close();
      throw error;
    }
    await this.#journal.remove();
  }

  async #commit(): Promise<void> {
    this.#callOff?.();
    this.#callOff = undefined;
    const { medium } = this.layer;
    const isPending = !this.#pending.isEmpty;
    const epoch = this.#pending.take();
    if (isPending) this.#journal.turn();
    try {
      await medium.sync();
      if (isPending) {
        await publish(this.layer, epoch);
        await medium.sync();
        this.#journal.retire();
      }
    } catch (error) {
      this.#pending.failed();
      throw error;
    }
    this.#pending.published();
  }

  #flushLater(): void {
    // Its failure fences the medium, which the next write is told.
    this.#callOff ??= this.#clock.after(
      FLUSH_AFTER_MS,
      () => void this.flush().catch(() => undefined),
    );
  }
}
