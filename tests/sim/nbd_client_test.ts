/**
 * An NBD client whose server is cut off, stopped, and loses what was not flushed: every read finds
 * what was acknowledged last, and what a flush has covered is on the medium whatever comes.
 */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../lib/block/device.ts";
import { FaultyDevice } from "../../lib/block/faulty.ts";
import { Chance } from "../support/chance.ts";
import { note } from "../support/note.ts";
import { BLOCK_LENGTH, readStamp, stampedBlocks } from "../support/stamped_block.ts";
import { TestNbdLink } from "../support/test_nbd_link.ts";
import { VolatileDevice } from "../support/volatile_device.ts";

const BLOCKS = 64;
const STEPS = 150;
const MOST_BLOCKS = 12;

interface Place {
  readonly lba: number;
  readonly count: number;
}

/** What has been written to a block, one after the other. */
class History {
  /** Stamps, oldest first; 0 is zeros. What the medium can hold no more is left out. */
  #stamps = [0];
  #leftOut = 0;
  #acknowledged = 0;

  issue(stamp: number): void {
    this.#stamps.push(stamp);
  }

  /** The last one issued is done. */
  acknowledge(): void {
    this.#acknowledged = this.#leftOut + this.#stamps.length - 1;
  }

  get acknowledged(): number {
    return this.#stamps[this.#acknowledged - this.#leftOut]!;
  }

  /** Stands for what has been acknowledged by now. */
  get mark(): number {
    return this.#acknowledged;
  }

  /** All up to the mark is on the medium. */
  flushed(mark: number): void {
    if (mark <= this.#leftOut) return;
    this.#stamps.splice(0, mark - this.#leftOut);
    this.#leftOut = mark;
  }

  /** What the medium may hold. */
  get possible(): readonly number[] {
    return this.#stamps;
  }
}

class World {
  readonly #chance: Chance;
  readonly #medium = new VolatileDevice(BLOCKS * BLOCK_LENGTH);
  readonly #faulty = new FaultyDevice(this.#medium);
  readonly #link: TestNbdLink;
  #device!: BlockDevice;
  readonly #histories = Array.from({ length: BLOCKS }, () => new History());
  /** Blocks that are being read or written. */
  readonly #busy = new Set<number>();
  readonly #running = new Set<Promise<void>>();
  #stamp = 0;
  readonly counts = { writes: 0, reads: 0, flushes: 0, losses: 0 };

  constructor(seed: number) {
    this.#chance = new Chance(seed);
    this.#faulty.neverNow = this.#chance.in100(50);
    this.#link = new TestNbdLink({ device: this.#faulty });
  }

  async run(): Promise<void> {
    const connections = this.#chance.between(1, 3);
    // A small log, so that it is shortened on the way.
    const unflushedOctets = this.#chance.between(20, 200) << 10;
    const limits = { connections, unflushedOctets, requestsOfConnection: 4, patienceMs: 1e9 };
    this.#device = await this.#link.open(limits, { seed: this.#chance.u32() });
    for (let step = 0; step < STEPS; step++) await this.#step();
    this.#link.isDown = false;
    while (this.#running.size > 0) await this.#link.pass(500);
    await this.#flush();
    this.#medium.losePower();
    this.#checkMedium();
    await this.#link.close(this.#device);
  }

  async #step(): Promise<void> {
    const die = this.#chance.below(100);
    if (die < 45) this.#begin(this.#write());
    else if (die < 55) this.#begin(this.#zero());
    else if (die < 75) this.#begin(this.#read());
    else if (die < 85) this.#begin(this.#flush());
    else if (die < 90) this.#lose();
    else if (die < 93) this.#link.isDown = !this.#link.isDown;
    else await this.#link.pass(this.#chance.between(10, 2000));
    if (this.#chance.in100(50)) await new Promise((turn) => setImmediate(turn));
  }

  #begin(action: Promise<void>): void {
    const running = action.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Connections break, and the server may have lost its memory with them. */
  #lose(): void {
    this.counts.losses++;
    if (this.#chance.in100(70)) {
      this.#medium.losePower(() => this.#chance.in100(30));
      this.#checkMedium();
    }
    this.#link.cut();
  }

  /** Blocks that nobody else reads or writes until they are given back. */
  #take(): Place | undefined {
    const lba = this.#chance.below(BLOCKS);
    const count = Math.min(BLOCKS - lba, this.#chance.between(1, MOST_BLOCKS));
    const blocks = blocksOf({ lba, count });
    if (blocks.some((block) => this.#busy.has(block))) return undefined;
    for (const block of blocks) this.#busy.add(block);
    return { lba, count };
  }

  #giveBack(place: Place): void {
    for (const block of blocksOf(place)) this.#busy.delete(block);
  }

  async #write(): Promise<void> {
    const place = this.#take();
    if (place === undefined) return;
    const stamp = ++this.#stamp;
    const octets = stampedBlocks({ blockNumber: place.lba, stamp, round: 0 }, place.count);
    await this.#change(place, stamp, (offset) => {
      return this.#device.write(offset, octets, 0, octets.length);
    });
    // The buffer is ours again, and what is told again must not come from it.
    octets.fill(0xee);
  }

  async #zero(): Promise<void> {
    const place = this.#take();
    if (place === undefined) return;
    const length = place.count * BLOCK_LENGTH;
    await this.#change(place, 0, (offset) => this.#device.unmap(offset, length));
  }

  async #change(place: Place, stamp: number, change: (offset: number) => Promise<void>) {
    for (const block of blocksOf(place)) this.#histories[block]!.issue(stamp);
    await change(place.lba * BLOCK_LENGTH);
    for (const block of blocksOf(place)) this.#histories[block]!.acknowledge();
    this.#giveBack(place);
    this.counts.writes++;
  }

  async #read(): Promise<void> {
    const place = this.#take();
    if (place === undefined) return;
    const into = new Uint8Array(place.count * BLOCK_LENGTH).fill(0xdd);
    await this.#device.read(place.lba * BLOCK_LENGTH, into, 0, into.length);
    for (const block of blocksOf(place)) {
      const found = stampAt(into, block - place.lba, block);
      assert.equal(found, this.#histories[block]!.acknowledged, `block ${block} is read`);
    }
    this.#giveBack(place);
    this.counts.reads++;
  }

  /** What was acknowledged when it begins is on the medium when it ends. */
  async #flush(): Promise<void> {
    const marks = this.#histories.map(({ mark }) => mark);
    await this.#device.flush();
    marks.forEach((mark, block) => this.#histories[block]!.flushed(mark));
    this.counts.flushes++;
  }

  #checkMedium(): void {
    for (const [block, { possible }] of this.#histories.entries()) {
      const found = stampAt(this.#medium.kept, block, block);
      assert.ok(possible.includes(found), `block ${block}: ${found} is kept, not of ${possible}`);
    }
  }
}

function blocksOf({ lba, count }: Place): number[] {
  return Array.from({ length: count }, (_, index) => lba + index);
}

function stampAt(octets: Uint8Array, index: number, block: number): number {
  const at = index * BLOCK_LENGTH;
  if (octets.subarray(at, at + BLOCK_LENGTH).every((octet) => octet === 0)) return 0;
  const stamp = readStamp(octets, at);
  assert.ok(stamp !== undefined, `block ${block} is torn`);
  assert.equal(stamp.blockNumber, block);
  return stamp.stamp;
}

/** `SANCTL_SIM_SEED=n` repeats one seed, `SANCTL_SIM_SEEDS=n` tries so many new ones. */
const given = Deno.env.get("SANCTL_SIM_SEED");
const count = Number(Deno.env.get("SANCTL_SIM_SEEDS") ?? 200);
const first = given === undefined
  ? Deno.env.has("SANCTL_SIM_SEEDS") ? crypto.getRandomValues(new Uint32Array(1))[0]! : 1
  : Number(given);
const SEEDS = Array.from({ length: given === undefined ? count : 1 }, (_, i) => first + i);

Deno.test(`A141: what a server forgets an NBD client tells it again: seeds ${first} to ${SEEDS.at(-1)}`, async () => {
  const totals = { writes: 0, reads: 0, flushes: 0, losses: 0 };
  for (const seed of SEEDS) {
    const world = new World(seed);
    try {
      await world.run();
    } catch (error) {
      throw new Error(`seed ${seed}; repeat it with SANCTL_SIM_SEED=${seed}`, { cause: error });
    }
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) {
      totals[key] += world.counts[key];
    }
  }
  const { writes, reads, flushes, losses } = totals;
  note(
    `nbd client: ${SEEDS.length} worlds, ${losses} losses of the connection, ${writes} writes, ` +
      `${reads} reads and ${flushes} flushes, none wrong`,
  );
});
