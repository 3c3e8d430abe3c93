import assert from "node:assert/strict";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { BackupDevice } from "../../../../lib/snapshot/backup/backup_device.ts";
import { BackupError } from "../../../../lib/snapshot/backup/backup_error.ts";
import { BackupFolder } from "../../../../lib/snapshot/backup/backup_folder.ts";
import { makeBackup } from "../../../../lib/snapshot/backup/make_backup.ts";
import type { Manifest } from "../../../../lib/snapshot/backup/manifest.ts";
import { pruneBackups } from "../../../../lib/snapshot/backup/prune_backups.ts";
import { verifyBackups } from "../../../../lib/snapshot/backup/verify_backups.ts";
import { SeededRandom } from "../../../support/seeded_random.ts";

const CHUNK = 256 << 10;
const SIZE = 16 * CHUNK - 512; // the last chunk is not whole
const DISK = { name: "d", uuid: "6f9619ff-8b86-4011-b42d-00c04fc964ff" };

/** A disk, where its backups go, and what it held at each of them. */
class Ground {
  readonly device = new MemoryDevice(SIZE);
  readonly contents = new Map<string, Uint8Array>();
  readonly random = new SeededRandom(1);
  #at = Date.UTC(2026, 10, 25, 10);

  constructor(readonly path: string) {}

  /** Writes something new into a chunk. */
  async write(chunk: number): Promise<void> {
    const octets = Uint8Array.from({ length: 4096 }, () => this.random.below(256));
    await this.device.write(chunk * CHUNK + 8192, octets, 0, octets.length);
  }

  async folder<T>(use: (folder: BackupFolder) => Promise<T>): Promise<T> {
    const folder = await BackupFolder.forDisk(this.path, { ...DISK, size: SIZE });
    try {
      return await use(folder);
    } finally {
      await folder.close();
    }
  }

  async backUp(options: { full?: boolean; signal?: AbortSignal } = {}): Promise<Manifest> {
    const takenAt = new Date(this.#at += 1000);
    const manifest = await this.folder((folder) =>
      makeBackup(this.device, folder, { disk: DISK, takenAt, ...options })
    );
    this.contents.set(manifest.id, await contentsOf(this.device));
    return manifest;
  }

  /** Every backup that is listed reads as the disk was then. */
  async check(): Promise<string[]> {
    return await this.folder(async (folder) => {
      assert.deepEqual(folder.flaws, []);
      for (const manifest of folder.manifests) {
        const restored = await contentsOf(new BackupDevice(folder, manifest));
        assert.deepEqual(restored, this.contents.get(manifest.id), manifest.id);
      }
      const { backups, flaws } = await verifyBackups(folder, folder.manifests);
      assert.deepEqual(flaws, []);
      assert.ok(backups.every(({ badChunks }) => badChunks === 0));
      return folder.manifests.map(({ id }) => id);
    });
  }

  files(kind: string): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name)
      .filter((name) => name.endsWith(kind)).sort();
  }
}

async function contentsOf(device: MemoryDevice | BackupDevice): Promise<Uint8Array> {
  const octets = new Uint8Array(device.size);
  await device.read(0, octets, 0, octets.length);
  return octets;
}

async function onGround(use: (ground: Ground) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(new Ground(`${directory}/d`));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a first backup is full and stores data alone, one after it what has changed", () =>
  onGround(async (ground) => {
    for (const chunk of [0, 3, 15]) await ground.write(chunk);
    const first = await ground.backUp();
    assert.equal(first.kind, "full");
    assert.deepEqual(first.stored, { chunks: 3, octets: 3 * CHUNK });
    assert.equal(first.chunks.filter((hash) => hash === null).length, 13);
    await ground.write(3);
    const second = await ground.backUp();
    assert.equal(second.kind, "incremental");
    assert.equal(second.stored.chunks, 1);
    assert.equal((await ground.backUp()).stored.chunks, 0);
    assert.equal(ground.files(".pack").length, 2);
    assert.equal((await ground.check()).length, 3);
  }));

Deno.test("a full backup leans on none before it", () =>
  onGround(async (ground) => {
    await ground.write(1);
    await ground.backUp();
    const full = await ground.backUp({ full: true });
    assert.equal(full.kind, "full");
    assert.equal(full.stored.chunks, 1);
    await ground.check();
    Deno.removeSync(`${ground.path}/${ground.files(".pack")[0]}`);
    await ground.check();
  }));

Deno.test("a backup that is called off is none, and the next one goes on where it stopped", () =>
  onGround(async (ground) => {
    for (let chunk = 0; chunk < 16; chunk++) await ground.write(chunk);
    const abort = new AbortController();
    let reads = 0;
    const { device } = ground;
    const read = device.read.bind(device);
    device.read = (...range) => {
      if (++reads === 7) abort.abort();
      return read(...range);
    };
    await assert.rejects(ground.backUp({ signal: abort.signal }), { name: "AbortError" });
    device.read = read;
    assert.deepEqual(await ground.check(), []);
    assert.deepEqual(ground.files(".pack"), []);
    // Cut in the middle of a chunk, as a crash may.
    const unfinished = `${ground.path}/unfinished.partial`;
    Deno.truncateSync(unfinished, Deno.statSync(unfinished).size - 100);
    const manifest = await ground.backUp();
    assert.equal(manifest.kind, "full");
    assert.equal((await ground.check()).length, 1);
    assert.deepEqual(ground.files(".partial"), []);
    const whole = 4096 + 16 * (CHUNK + 32) + 32;
    assert.equal(Deno.statSync(`${ground.path}/${manifest.id}.pack`).size, whole);
  }));

Deno.test("what is unchanged since the latest backup is not read again", () =>
  onGround(async (ground) => {
    for (const chunk of [2, 5]) await ground.write(chunk);
    await ground.backUp();
    await ground.write(5);
    const asked: number[] = [];
    const { device } = ground;
    const read = device.read.bind(device);
    device.read = (offset, ...rest) => {
      asked.push(offset / CHUNK);
      return read(offset, ...rest);
    };
    const manifest = await ground.folder((folder) =>
      makeBackup(device, folder, {
        disk: DISK,
        takenAt: new Date(Date.UTC(2026, 10, 26)),
        isUnchanged: (offset) => offset !== 5 * CHUNK,
      })
    );
    device.read = read;
    assert.deepEqual(asked, [5]);
    ground.contents.set(manifest.id, await contentsOf(device));
    await ground.check();
  }));

Deno.test("pruning removes backups and gives back what they alone took", () =>
  onGround(async (ground) => {
    for (let chunk = 0; chunk < 8; chunk++) await ground.write(chunk);
    const first = await ground.backUp();
    for (let chunk = 0; chunk < 6; chunk++) await ground.write(chunk);
    const second = await ground.backUp();
    const freed = await ground.folder((folder) =>
      pruneBackups(folder, ({ id }) => id === second.id, new Date(Date.UTC(2026, 10, 27)))
    );
    assert.deepEqual(freed, { removed: [first.id], octetsFreed: 6 * CHUNK });
    assert.deepEqual(await ground.check(), [second.id]);
    assert.equal(ground.files(".pack").length, 2);
    await ground.folder((folder) => pruneBackups(folder, () => false, new Date()));
    assert.deepEqual(ground.files(".pack"), []);
  }));

Deno.test("backups of one second take no pack of one another, also where some are pruned", () =>
  onGround(async (ground) => {
    for (let chunk = 0; chunk < 8; chunk++) await ground.write(chunk);
    const takenAt = new Date(Date.UTC(2026, 10, 26));
    for (let time = 0; time < 4; time++) {
      await ground.write(0);
      const { id } = await ground.folder((folder) =>
        makeBackup(ground.device, folder, { disk: DISK, takenAt })
      );
      ground.contents.set(id, await contentsOf(ground.device));
      await ground.folder((folder) => pruneBackups(folder, (each) => each.id === id, takenAt));
      assert.deepEqual(await ground.check(), [id]);
    }
  }));

Deno.test("damage is found, and said of the backups that it touches and no others", () =>
  onGround(async (ground) => {
    await ground.write(0);
    const first = await ground.backUp();
    await ground.write(1);
    const second = await ground.backUp();
    const pack = `${ground.path}/${second.id}.pack`;
    const octets = Deno.readFileSync(pack);
    octets[4096 + 77]! ^= 1;
    Deno.writeFileSync(pack, octets);
    await ground.folder(async (folder) => {
      const { backups, flaws } = await verifyBackups(folder, folder.manifests);
      assert.deepEqual(backups, [{ id: first.id, badChunks: 0 }, { id: second.id, badChunks: 1 }]);
      assert.equal(flaws.length, 1);
      const device = new BackupDevice(folder, folder.find(second.id));
      await assert.rejects(device.read(CHUNK, new Uint8Array(512), 0, 512), { kind: "medium" });
    });
  }));

Deno.test("a pack or a manifest that is cut short, or not what was written, is no backup", () =>
  onGround(async (ground) => {
    await ground.write(0);
    const { id } = await ground.backUp();
    for (const name of [`${id}.pack`, `${id}.manifest`]) {
      const path = `${ground.path}/${name}`;
      const whole = Deno.readFileSync(path);
      const lengths = [0, 1, 4096, whole.length >> 1, whole.length - 2];
      for (const length of lengths.filter((each) => each < whole.length)) {
        Deno.writeFileSync(path, whole.subarray(0, length));
        await ground.folder((folder) => {
          assert.equal(folder.flaws.length, 1, `${name} of ${length} octets`);
          return Promise.resolve();
        });
      }
      Deno.writeFileSync(path, whole);
    }
    await ground.check();
  }));

Deno.test("a folder is one disk's, and in the hands of one command", () =>
  onGround(async (ground) => {
    await ground.write(0);
    await ground.backUp();
    const other = { name: "e", uuid: "7f9619ff-8b86-4011-b42d-00c04fc964ff", size: SIZE };
    await assert.rejects(
      BackupFolder.forDisk(ground.path, other),
      (error) => error instanceof BackupError && error.kind === "foreign",
    );
    await ground.folder(async () => {
      await assert.rejects(
        BackupFolder.open(ground.path),
        (error) => error instanceof BackupError && error.kind === "in-use",
      );
    });
    assert.equal(await BackupFolder.open("/tmp"), undefined);
  }));

Deno.test("verifying finds any bit that has flipped, in any file", () =>
  onGround(async (ground) => {
    for (const chunk of [0, 3]) await ground.write(chunk);
    await ground.backUp();
    await ground.write(3);
    await ground.backUp();
    await ground.backUp({ full: true });
    const names = [...Deno.readDirSync(ground.path)].map(({ name }) => name)
      .filter((name) => name !== "lock");
    assert.equal(names.length, 1 + 3 + 3);
    for (const name of names) {
      const path = `${ground.path}/${name}`;
      const whole = Deno.readFileSync(path);
      // Of what is long each octet's place is as good as another's, but for both its ends.
      const places = whole.length < 512
        ? [...whole.keys()]
        : [0, 40, 2048, 4096, whole.length - 1, whole.length - 40].filter((at) => at < whole.length)
          .concat(Array.from({ length: 10 }, () => ground.random.below(whole.length)));
      for (const at of places) {
        const octets = whole.slice();
        octets[at]! ^= 1 << ground.random.below(8);
        Deno.writeFileSync(path, octets);
        assert.ok(await isFlawed(ground), `${name} at ${at} of ${whole.length}`);
      }
      Deno.writeFileSync(path, whole);
    }
    assert.equal(await isFlawed(ground), false);
  }));

async function isFlawed(ground: Ground): Promise<boolean> {
  try {
    const folder = await BackupFolder.open(ground.path);
    if (folder === undefined) return true;
    try {
      const { flaws } = await verifyBackups(folder, folder.manifests);
      return flaws.length > 0;
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (error instanceof BackupError) return true;
    throw error;
  }
}
