import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DeviceError } from "../../lib/block/device.ts";
import { FileError } from "../../lib/block/file_error.ts";
import { type FileStore, osFiles } from "../../lib/block/file_store.ts";
import { checkImage, repairImage } from "../../lib/vhd/check/check_image.ts";
import { FormatError } from "../../lib/vhd/format_error.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { recogniseImage } from "../../lib/vhd/recognise.ts";
import { Chance } from "../support/chance.ts";
import { withScratch } from "../support/executable.ts";
import { MeasuredMemory } from "../support/measured_memory.ts";
import { note } from "../support/note.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { SparseFiles } from "../support/sparse_files.ts";
import { BOOT_ID, type CaseFiles, damaged, DISK, wholeDisks } from "./vhd_maker.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_IMAGES=100000` is the whole corpus. */
const IMAGES = Number(Deno.env.get("SANCTL_FUZZ_IMAGES") ?? 5_000);
/** And so many as files of this machine. */
const FILES_OF_MACHINE = 100;
/** When every file was last written to. */
const MODIFIED = new Date("2026-01-01T00:00:00Z");
const MOST_MEMORY = 64 << 20;
const MOST_MS = 5_000;
/** Octets that are read of a disk that claims to be large, at its beginning and at its end. */
const SAMPLE = 256 << 10;
type Reading = { readonly size: number; readonly parts: readonly (Uint8Array | undefined)[] };

/** Where the files of a case are: in memory, or on this machine. */
interface Place {
  readonly folder: string;
  readonly files: FileStore;
  put(files: CaseFiles): Promise<void>;
  octets(name: string): Promise<Uint8Array>;
}

function inMemory(): Place {
  const files = new SparseFiles();
  const folder = "/disks";
  return {
    folder,
    files,
    put(all) {
      files.clear();
      for (const [name, octets] of all) files.put(`${folder}/${name}`, octets);
      return Promise.resolve();
    },
    octets: (name) => Promise.resolve(files.octets(`${folder}/${name}`)),
  };
}

function onMachine(folder: string): Place {
  return {
    folder,
    files: osFiles,
    async put(all) {
      for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(`${folder}/${name}`);
      for (const [name, octets] of all) {
        await Deno.writeFile(`${folder}/${name}`, octets);
        await Deno.utime(`${folder}/${name}`, MODIFIED, MODIFIED);
      }
    },
    octets: (name) => Deno.readFile(`${folder}/${name}`),
  };
}

class Ground {
  readonly memory = new MeasuredMemory();
  readonly counts = { opened: 0, refused: 0, sound: 0, flawed: 0, atRisk: 0, repaired: 0 };
  slowestMs = 0;
  largest = 0;
  lastFailure = "";

  constructor(readonly place: Place) {}

  get disk(): string {
    return `${this.place.folder}/${DISK}`;
  }

  get around() {
    return { files: this.place.files, bootId: BOOT_ID };
  }

  /** What the step answers; undefined where it fails as it may. */
  async step<T>(name: string, step: () => Promise<T>): Promise<T | undefined> {
    const startMs = performance.now();
    this.memory.begin();
    try {
      return await step();
    } catch (error) {
      const isKnown = error instanceof FormatError || error instanceof FileError ||
        error instanceof DeviceError;
      if (!isKnown) throw new Error(`${name}: ${String(error)}`, { cause: error });
      assert.ok(error.message.length < 2000 && !error.message.includes("\n"), error.message);
      this.lastFailure = error.message;
      return undefined;
    } finally {
      const octets = this.memory.end();
      const tookMs = performance.now() - startMs;
      this.slowestMs = Math.max(this.slowestMs, tookMs);
      this.largest = Math.max(this.largest, octets);
      assert.ok(octets <= MOST_MEMORY, `${name}: it allocated ${octets} octets`);
      assert.ok(tookMs <= MOST_MS, `${name}: it took ${tookMs} ms`);
    }
  }

  /** What can be read, of a disk that is small all. */
  async read(): Promise<Reading | undefined> {
    return await this.step("read", async () => {
      const { device } = await openVhd(this.disk, { ...this.around, readOnly: true });
      const starts = [0];
      if (device.size > SAMPLE) starts.push(device.size - SAMPLE);
      const parts: (Uint8Array | undefined)[] = [];
      for (const start of starts) {
        const octets = new Uint8Array(Math.min(SAMPLE, device.size));
        try {
          await device.read(start, octets, 0, octets.length);
          parts.push(octets);
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
          parts.push(undefined);
        }
      }
      const { size } = device;
      await device.close();
      return { size, parts };
    });
  }
}

async function examineAll(place: Place, images: number): Promise<void> {
  let seed = chooseSeed();
  const first = seed;
  const ground = new Ground(place);
  try {
    const bases = await wholeDisks(new Chance(7));
    for (let i = 0; i < images; i++, seed = (seed + 1) >>> 0) {
      const chance = new Chance(seed);
      try {
        await examine(ground, damaged(chance.one(bases), chance), chance);
      } catch (error) {
        const reason = error instanceof Error ? error.stack : String(error);
        throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
      }
    }
  } finally {
    ground.memory.stop();
  }
  const { opened, refused, sound, flawed, atRisk, repaired } = ground.counts;
  note(
    `damaged VHDs: ${images} of seed ${first}: ${opened} opened, ${refused} refused; checked: ` +
      `${sound} sound, ${flawed} flawed, ${atRisk} at risk; ${repaired} repaired; at most ` +
      `${(ground.largest / 2 ** 20).toFixed(1)} MiB allocated and ${Math.ceil(ground.slowestMs)} ` +
      `ms for one step`,
  );
}

Deno.test(`B-31 B-35 B-36: ${IMAGES} damaged images are opened, checked and repaired within bounds`, async () => {
  await examineAll(inMemory(), IMAGES);
});

Deno.test("vhd_maker: a seed makes its case again, to the octet", async () => {
  const cases = async () => {
    const bases = await wholeDisks(new Chance(7));
    return bases.map((files, at) => damaged(files, new Chance(at)));
  };
  assert.deepEqual(await cases(), await cases());
});

Deno.test(`B-31: ${FILES_OF_MACHINE} damaged files are opened, checked and repaired within bounds`, async () => {
  await withScratch((folder) => examineAll(onMachine(folder), FILES_OF_MACHINE));
});

async function examine(ground: Ground, files: CaseFiles, chance: Chance): Promise<void> {
  const { counts, disk, place } = ground;
  await place.put(files);
  if (place.files === osFiles) await ground.step("recognise", () => recogniseImage(disk));
  const before = await ground.read();
  if (before === undefined) counts.refused++;
  else counts.opened++;

  await place.put(files);
  const checked = await ground.step("check", () => checkImage(disk, ground.around));
  for (const [name, octets] of files) await requireSame(place, name, octets);
  const severities = checked?.findings.map(({ severity }) => severity) ?? [];
  if (severities.includes("risk")) counts.atRisk++;
  else if (severities.includes("flaw")) counts.flawed++;
  else if (checked !== undefined) counts.sound++;

  const mended = await ground.step("repair", () => repairImage(disk, ground.around));
  if (mended !== undefined && mended.repaired.length > 0) counts.repaired++;
  for (const [name, octets] of files) {
    if (!name.startsWith(DISK)) await requireSame(place, name, octets);
  }
  const after = await ground.read();
  requireNoLoss(before, after, mended?.repaired.map(({ kind }) => kind) ?? []);
  if (checked !== undefined && severities.every((it) => it !== "risk")) {
    const kept = mended?.findings.filter(({ severity, path }) =>
      severity !== "note" && path === disk
    );
    assert.deepEqual(kept, [], `what can be repaired is: ${ground.lastFailure}`);
  }
  if (chance.onceIn(4)) await write(ground, chance);
}

/** What was readable is what it was; more may have become so. */
function requireNoLoss(
  before: Reading | undefined,
  after: Reading | undefined,
  repaired: readonly string[],
): void {
  if (before === undefined) return;
  const what = `after ${repaired.join(", ") || "nothing"} was repaired`;
  assert.ok(after !== undefined, `it cannot be opened any more ${what}`);
  assert.equal(after.size, before.size, what);
  for (const [index, part] of before.parts.entries()) {
    if (part === undefined) continue;
    assert.ok(
      after.parts[index] !== undefined && isSame(after.parts[index]!, part),
      `it reads otherwise ${what}`,
    );
  }
}

/** A disk that takes writes has them. */
async function write(ground: Ground, chance: Chance): Promise<void> {
  await ground.step("write", async () => {
    const { device } = await openVhd(ground.disk, ground.around);
    try {
      const length = Math.min(8192, device.size);
      const offset = chance.below((device.size - length) / 512 + 1) * 512;
      const [octets, back] = [chance.octets(length), new Uint8Array(length)];
      await device.write(offset, octets, 0, length);
      await device.flush();
      await device.read(offset, back, 0, length);
      assert.ok(isSame(back, octets), "what was written is read");
    } finally {
      await device.close();
    }
  });
}

async function requireSame(place: Place, name: string, octets: Uint8Array): Promise<void> {
  assert.ok(isSame(await place.octets(name), octets), `${name} has been changed`);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
