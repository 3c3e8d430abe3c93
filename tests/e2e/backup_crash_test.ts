/** A backup that is interrupted is gone on with, and never taken for one. */
import assert from "node:assert/strict";
import type {
  BackupFacts,
  BackupVerdictFacts,
  SnapshotFacts,
} from "../../lib/config/snapshot_control.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { chooseSeed, SeededRandom } from "../support/seeded_random.ts";
import { type Service, withService } from "../support/service.ts";

const MIB = 1 << 20;
const SIZE = 64 * MIB;
const ROUNDS = 4;
const UNFINISHED = "unfinished.partial";

Deno.test({
  name:
    `backup crash: kill -9 in the middle leaves no backup, and the next goes on, ${ROUNDS} times`,
  ...requires("dist/sanctl", "qemu-img"),
  fn: () =>
    withService({ targets: {} }, async (service) => {
      const { sanctl } = service;
      const seed = chooseSeed();
      note(`backup crash: SANCTL_TEST_SEED=${seed}`);
      const random = new SeededRandom(seed);
      await Deno.mkdir(sanctl.path("b/d"), { recursive: true });
      await importData(service, random);
      let killed = 0;
      for (let round = 0; round < ROUNDS; round++) {
        if (await backUpUntilKilled(service, Math.floor((round + 1) * SIZE / (ROUNDS + 2)))) {
          killed++;
        }
        const listed = await sanctl.run("backup list {}/b --json");
        const backups = listed.exitCode === 0 ? JSON.parse(listed.stdout) as BackupFacts[] : [];
        assert.deepEqual(backups, [], `after round ${round}`);
        await service.start();
      }
      assert.ok(killed >= ROUNDS / 2, `only ${killed} of the backups were under way`);
      const { stored } = await sanctl.facts<BackupFacts>("backup create d {}/b");
      assert.equal(stored, SIZE);
      assert.deepEqual(await partialFiles(service), []);
      const [verdict] = await sanctl.facts<BackupVerdictFacts[]>("backup verify {}/b");
      assert.deepEqual([verdict!.flaws, verdict!.backups[0]!.badChunks], [[], 0]);
      // What those that were killed left of snapshots is gone, but for one.
      const snapshots = await sanctl.facts<SnapshotFacts[]>("snapshot list d");
      assert.equal(snapshots.filter(({ state }) => state === "ready").length, 1);
      await sanctl.ok("backup restore {}/b {}/restored.vhd");
      await peer(
        "qemu-img",
        ...["compare", "-f", "vpc", "-F", "raw", sanctl.path("restored.vhd"), sanctl.path("d.raw")],
      );
      note(`backup crash: ${killed} of ${ROUNDS} backups were killed in the middle`);
    }),
});

/** A disk whose every chunk is another. */
async function importData({ sanctl }: Service, random: SeededRandom): Promise<void> {
  using file = await Deno.open(sanctl.path("d.raw"), { write: true, create: true });
  const octets = new Uint8Array(MIB);
  for (let at = 0; at < SIZE; at += MIB) {
    for (let word = 0; word < MIB; word += 512) octets[word] = random.below(256);
    new DataView(octets.buffer).setUint32(4, at);
    for (let chunk = 0; chunk < MIB; chunk += 256 << 10) octets[chunk + 9] = chunk >> 18;
    await file.write(octets);
  }
  await sanctl.ok("disk convert {}/d.raw {}/d.vhd --type dynamic");
  await sanctl.ok("disk import {}/d.vhd");
}

/** Kills the service once so much is stored; false where the backup was done before. */
async function backUpUntilKilled(service: Service, enough: number): Promise<boolean> {
  const { sanctl } = service;
  const folder = sanctl.path("b/d");
  const command = sanctl.run("backup create d {}/b");
  using watcher = Deno.watchFs(folder);
  const done = command.then(() => watcher.close());
  for await (const { paths } of watcher) {
    if (!paths.some((path) => path.endsWith(UNFINISHED))) continue;
    if (await lengthOf(`${folder}/${UNFINISHED}`) >= enough) break;
  }
  await service.kill();
  const { exitCode } = await command;
  await done.catch(() => undefined);
  return exitCode !== 0;
}

async function lengthOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function partialFiles({ sanctl }: Service): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(sanctl.path("b/d")), ({ name }) => name);
  return names.filter((name) => name.endsWith(".partial"));
}
