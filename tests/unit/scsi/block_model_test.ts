/**
 * Random commands, on a unit whose device now answers at once and now takes its time, do what they
 * would do to plain octets.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { BlockDevice, Capabilities, Extent } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { LbaStatusDescriptor } from "../../../lib/scsi/commands/get_lba_status.ts";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import {
  BYTCHK,
  cdb,
  concatenated,
  FUA,
  getLbaStatusCdb,
  IMMED,
  NDOB,
  Op,
  pattern,
  senseText,
  UNMAP,
  unmapCdb,
  unmapList,
} from "../../support/block_commands.ts";
import { type Outcome, run, unitOf } from "../../support/scsi.ts";

const BLOCKS = 40;

/** Declines to answer at once whenever its list of moods says so, and then takes some turns. */
class MoodyDevice implements BlockDevice {
  readonly size: number;
  readonly can: Capabilities;
  readonly #inner: MemoryDevice;
  readonly #moods: readonly number[];
  #count = 0;

  constructor(size: number, thin: boolean, moods: readonly number[]) {
    this.size = size;
    this.can = { write: true, unmap: thin };
    this.#inner = new MemoryDevice(size);
    this.#moods = moods;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return this.#mood() === 0 && this.#inner.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    return this.#mood() === 0 && this.#inner.writeNow(offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#delay();
    await this.#inner.read(offset, into, at, length);
    await this.#delay();
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await this.#delay();
    // In two halves, so that whoever gets between them sees it.
    const half = length >>> 1;
    await this.#inner.write(offset, from, at, half);
    await this.#delay();
    await this.#inner.write(offset + half, from, at + half, length - half);
  }

  async flush(): Promise<void> {
    await this.#delay();
    await this.#inner.flush();
  }

  async unmap(offset: number, length: number): Promise<void> {
    await this.#delay();
    await this.#inner.unmap(offset, length);
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#inner.extents(offset, length, limit);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #mood(): number {
    return this.#moods.length === 0 ? 0 : this.#moods[this.#count++ % this.#moods.length]!;
  }

  async #delay(): Promise<void> {
    for (let turns = this.#mood(); turns > 0; turns--) await Promise.resolve();
  }
}

/** One random command, as the generator makes it; each kind takes of it what it needs. */
interface Draw {
  readonly kind: Kind;
  readonly form: number;
  readonly lba: number;
  readonly blockCount: number;
  readonly seed: number;
  /** A comparison is made to fail, a pattern not to be zeros. */
  readonly odd: boolean;
  readonly flag: boolean;
}

/** What the model says must come of a command. */
interface Expectation {
  readonly sense?: string;
  readonly information?: number;
  readonly data?: Uint8Array;
}

/** Plain octets with the blocks' length: what a unit is thought to hold. */
class Model {
  readonly octets: Uint8Array;

  constructor(readonly blockLength: number, readonly thin: boolean) {
    this.octets = new Uint8Array(BLOCKS * blockLength);
  }

  /** The blocks of a command, as they are. */
  at({ lba, blockCount }: Draw): Uint8Array {
    return this.octets.subarray(lba * this.blockLength, (lba + blockCount) * this.blockLength);
  }

  data(draw: Draw, blockCount = draw.blockCount): Uint8Array {
    return pattern(blockCount * this.blockLength, draw.seed);
  }
}

interface Trial {
  readonly cdb: Uint8Array;
  readonly dataOut?: Uint8Array;
  readonly expected: Expectation;
}

const MISCOMPARE = "e/1d/00";
const GOOD: Expectation = {};

/** Blocks as they are, or with one octet that differs, and where. */
function guess(now: Uint8Array, { odd, seed }: Draw): { octets: Uint8Array; differs: number } {
  const octets = now.slice();
  const differs = odd && now.length > 0 ? seed % now.length : -1;
  if (differs >= 0) octets[differs]! ^= 1 + seed % 255;
  return { octets, differs };
}

function miscompare(at: number): Expectation {
  return at < 0 ? GOOD : { sense: MISCOMPARE, information: at };
}

function form(draw: Draw, opcodes: readonly number[]): number {
  return opcodes[draw.form % opcodes.length]!;
}

/** Each kind of command: its CDB and data, what must come of it, and what it does to the model. */
const KINDS = {
  read(draw: Draw, model: Model): Trial {
    const opcode = form(draw, [Op.READ_10, Op.READ_12, Op.READ]);
    const flags = draw.flag ? FUA : 0;
    const expected = { data: model.at(draw).slice() };
    return { cdb: cdb(opcode, draw.lba, draw.blockCount, flags), expected };
  },
  write(draw: Draw, model: Model): Trial {
    const opcode = form(draw, [Op.WRITE_10, Op.WRITE_12, Op.WRITE, Op.WRITE_ATOMIC]);
    const dataOut = model.data(draw);
    model.at(draw).set(dataOut);
    const command = cdb(opcode, draw.lba, draw.blockCount, draw.flag ? FUA : 0);
    return { cdb: command, dataOut, expected: GOOD };
  },
  verify(draw: Draw, model: Model): Trial {
    const opcode = form(draw, [Op.VERIFY_10, Op.VERIFY_12, Op.VERIFY]);
    const { octets, differs } = guess(model.at(draw), draw);
    const command = cdb(opcode, draw.lba, draw.blockCount, BYTCHK[1]);
    return { cdb: command, dataOut: octets, expected: miscompare(differs) };
  },
  verifyOneBlock(draw: Draw, model: Model): Trial {
    const now = model.at(draw);
    const dataOut = draw.odd ? model.data(draw, 1) : now.slice(0, model.blockLength);
    const differs = now.findIndex((octet, at) => octet !== dataOut[at % model.blockLength]);
    const command = cdb(Op.VERIFY, draw.lba, draw.blockCount, BYTCHK[3]);
    return { cdb: command, dataOut, expected: miscompare(differs) };
  },
  writeAndVerify(draw: Draw, model: Model): Trial {
    const opcode = form(draw, [
      Op.WRITE_AND_VERIFY_10,
      Op.WRITE_AND_VERIFY_12,
      Op.WRITE_AND_VERIFY,
    ]);
    const dataOut = model.data(draw);
    model.at(draw).set(dataOut);
    const flags = draw.flag ? BYTCHK[1] : BYTCHK[0];
    return { cdb: cdb(opcode, draw.lba, draw.blockCount, flags), dataOut, expected: GOOD };
  },
  writeSame(draw: Draw, model: Model): Trial {
    const opcode = form(draw, [Op.WRITE_SAME_10, Op.WRITE_SAME]);
    const block = draw.odd ? model.data(draw, 1) : new Uint8Array(model.blockLength);
    const blockCount = draw.blockCount || BLOCKS - draw.lba;
    const target = model.at({ ...draw, blockCount });
    const unmapsToEnd = draw.flag && model.thin && draw.blockCount === 0;
    if (unmapsToEnd) target.fill(0);
    else for (let at = 0; at < target.length; at += block.length) target.set(block, at);
    const noData = opcode === Op.WRITE_SAME && !draw.odd && draw.form > 50;
    const flags = (draw.flag && model.thin ? UNMAP : 0) | (noData ? NDOB : 0);
    const command = cdb(opcode, draw.lba, draw.blockCount, flags);
    return noData
      ? { cdb: command, expected: GOOD }
      : { cdb: command, dataOut: block, expected: GOOD };
  },
  compareAndWrite(draw: Draw, model: Model): Trial {
    const now = model.at(draw);
    const { octets, differs } = guess(now, draw);
    const fresh = model.data(draw);
    if (differs < 0) now.set(fresh);
    const command = cdb(Op.COMPARE_AND_WRITE, draw.lba, draw.blockCount, draw.flag ? FUA : 0);
    return { cdb: command, dataOut: concatenated(octets, fresh), expected: miscompare(differs) };
  },
  orwrite(draw: Draw, model: Model): Trial {
    const now = model.at(draw);
    const dataOut = model.data(draw);
    for (let at = 0; at < now.length; at++) now[at]! |= dataOut[at]!;
    return { cdb: cdb(Op.ORWRITE, draw.lba, draw.blockCount), dataOut, expected: GOOD };
  },
  unmap(draw: Draw, model: Model): Trial {
    const dataOut = unmapList([draw.lba, draw.blockCount]);
    if (model.thin) model.at(draw).fill(0);
    const expected = model.thin ? GOOD : { sense: "5/20/00" };
    return { cdb: unmapCdb(dataOut.length), dataOut, expected };
  },
  synchronizeCache(draw: Draw): Trial {
    const opcode = form(draw, [Op.SYNCHRONIZE_CACHE_10, Op.SYNCHRONIZE_CACHE]);
    const flags = draw.flag ? IMMED : 0;
    return { cdb: cdb(opcode, draw.lba, draw.blockCount, flags), expected: GOOD };
  },
  preFetch(draw: Draw): Trial {
    const opcode = form(draw, [Op.PRE_FETCH_10, Op.PRE_FETCH]);
    const flags = draw.flag ? IMMED : 0;
    return { cdb: cdb(opcode, draw.lba, draw.blockCount, flags), expected: GOOD };
  },
};
type Kind = keyof typeof KINDS;

const draws: fc.Arbitrary<Draw> = fc.record({
  kind: fc.constantFrom(...Object.keys(KINDS) as Kind[]),
  form: fc.nat(99),
  lba: fc.nat(BLOCKS - 1),
  blockCount: fc.nat(9),
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  odd: fc.boolean(),
  flag: fc.boolean(),
});
const setups = fc.record({
  blockLength: fc.constantFrom(512, 4096),
  thin: fc.boolean(),
  moods: fc.array(fc.nat(4), { maxLength: 12 }),
});
type Setup = typeof setups extends fc.Arbitrary<infer T> ? T : never;

function unitAndModel({ blockLength, thin, moods }: Setup) {
  const device = new MoodyDevice(BLOCKS * blockLength, thin, moods);
  const unit = unitOf({ device, blockLength });
  return { unit, model: new Model(blockLength, thin) };
}

/** The same command with a range that the unit has. */
function fitted(draw: Draw): Draw {
  return { ...draw, blockCount: Math.min(draw.blockCount, BLOCKS - draw.lba) };
}

function check(outcome: Outcome, { expected }: Trial, what: string): void {
  assert.equal(senseText(outcome.sense), expected.sense, what);
  assert.equal(outcome.sense?.information, expected.information, what);
  if (expected.data !== undefined) assert.deepEqual(outcome.data, expected.data, what);
}

async function perform(unit: LogicalUnit, trial: Trial, what: string): Promise<void> {
  const { dataOut } = trial;
  check(await run(unit, trial.cdb, dataOut === undefined ? {} : { dataOut }), trial, what);
}

/** What a unit holds, as a READ tells, and that what it calls deallocated is zeros. */
async function checkContents(unit: LogicalUnit, model: Model): Promise<void> {
  const { data } = await run(unit, cdb(Op.READ, 0, BLOCKS));
  assert.ok(model.octets.every((octet, at) => octet === data[at]), "the contents differ");
  const status = (await run(unit, getLbaStatusCdb(0, 8 + 16 * BLOCKS))).data;
  let next = 0;
  for (let at = 8; at < status.length; at += 16) {
    const { logicalBlockAddress, blockCount, provisioningStatus } = new LbaStatusDescriptor(
      status,
      at,
    );
    assert.equal(logicalBlockAddress, next);
    next += blockCount;
    if (provisioningStatus === 0) continue;
    const run = { lba: logicalBlockAddress, blockCount } as Draw;
    assert.ok(model.at(run).every((octet) => octet === 0));
  }
  assert.equal(next, BLOCKS);
}

Deno.test("A115 A117 A118 A119 A121 A126: commands one by one do what a model does", async () => {
  const property = fc.asyncProperty(
    setups,
    fc.array(draws, { minLength: 1, maxLength: 25 }),
    async (setup, all) => {
      const { unit, model } = unitAndModel(setup);
      for (const draw of all.map(fitted)) {
        await perform(unit, KINDS[draw.kind](draw, model), JSON.stringify(draw));
      }
      await checkContents(unit, model);
      assert.equal(unit.locks.idle, true);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

Deno.test("A117 B-30: commands on ranges of their own, all at once, do what a model does", async () => {
  const property = fc.asyncProperty(
    setups,
    fc.array(fc.array(draws, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 8 }),
    async (setup, lanes) => {
      const { unit, model } = unitAndModel(setup);
      const width = Math.floor(BLOCKS / lanes.length);
      await Promise.all(lanes.map(async (lane, index) => {
        for (const { lba, blockCount, ...rest } of lane) {
          const first = lba % width;
          // A count of zero would reach beyond the lane.
          const count = Math.max(1, Math.min(blockCount, width - first));
          const draw = { ...rest, lba: index * width + first, blockCount: count };
          await perform(unit, KINDS[draw.kind](draw, model), JSON.stringify(draw));
        }
      }));
      await checkContents(unit, model);
      assert.equal(unit.locks.free(0, unit.device.size), true);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
