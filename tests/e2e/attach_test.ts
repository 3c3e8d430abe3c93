/** Disks and snapshots that are attached on the server itself, as an operator uses them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { DiskFacts, StatusFacts } from "../../lib/config/facts.ts";
import { withScratch } from "../support/executable.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { peer, runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import type { Sanctl } from "../support/sanctl.ts";
import { iqn, type Service, withService } from "../support/service.ts";

const DECLARATION = {
  targets: { t: [{ file: "d.vhd", size: "64M", options: "--type dynamic" }] },
};
const NEEDS = ["dist/sanctl", "nbdfuse", "mkfs.ext4", "loop devices"] as const;

/** Runs a command that must be refused as in use, and answers what it said. */
async function refused(sanctl: Sanctl, line: string): Promise<string> {
  const { exitCode, stderr } = await sanctl.run(line);
  assert.equal(exitCode, 3, `${line}: ${stderr}`);
  return stderr;
}

async function attached(sanctl: Sanctl, disk: string) {
  return (await sanctl.facts<DiskFacts>(`disk show ${disk}`)).attached;
}

function test(
  name: string,
  fn: (service: Service, mountPoint: string) => Promise<void>,
): void {
  Deno.test({
    name: `disk attach: ${name}`,
    ...requires(...NEEDS),
    fn: () =>
      withScratch((folder) =>
        withService(DECLARATION, async (service) => {
          try {
            await fn(service, folder);
          } finally {
            await runPeer("umount", ["-l", folder]);
          }
        })
      ),
  });
}

test("what is mounted is kept, and after a forced detach holds what was written", async (
  { sanctl },
  mountPoint,
) => {
  await sanctl.ok("disk attach d");
  const { path, way } = (await attached(sanctl, "d"))!;
  assert.equal(way, "nbdfuse");
  await peer("mkfs.ext4", "-q", path!);
  await peer("mount", "-o", "loop", path!, mountPoint);
  assert.deepEqual((await attached(sanctl, "d"))!.mounts, [mountPoint]);
  assert.equal((await sanctl.facts<StatusFacts>("status")).attached, 1);
  const said = await refused(sanctl, "disk detach d");
  assert.ok(said.includes(`is mounted at ${mountPoint}\n  umount ${mountPoint} first`), said);
  // The service would wait for itself where it reads.
  const [loop] = (await peer("losetup", "-j", path!)).split(":");
  for (const own of [path!, loop!, join(mountPoint, "image.vhd")]) {
    await Deno.writeTextFile(join(mountPoint, "image.vhd"), "");
    assert.match(await refused(sanctl, `disk import ${own} --name own`), /lies on disk d, which/);
  }
  const made = `disk create ${mountPoint}/own.vhd --size 1M`;
  assert.match(await refused(sanctl, made), /own.vhd lies on disk d, which is attached here/);
  for (const line of ["disk remove d", "disk set d --name e", "disk assign d t"]) {
    assert.match(await refused(sanctl, line), /disk d is attached on this server/);
  }

  // Written and not flushed by anybody: --force unmounts in order.
  const octets = crypto.getRandomValues(new Uint8Array(60_000));
  await Deno.writeFile(join(mountPoint, "kept"), octets);
  assert.equal((await sanctl.run("disk detach d --force")).exitCode, 2, "it asks before that");
  const done = await sanctl.run("disk detach d --force --yes");
  assert.ok(done.stderr.includes(`${mountPoint} is unmounted`), done.stderr);
  assert.equal(await attached(sanctl, "d"), null);
  assert.equal((await sanctl.run("disk detach d")).exitCode, 4);
  await sanctl.ok("disk attach d --read-only");
  await peer("e2fsck", "-fn", path!);
  await peer("debugfs", "-R", `dump kept ${sanctl.path("back")}`, path!);
  assert.deepEqual(await Deno.readFile(sanctl.path("back")), octets);
});

test("no initiator logs in while it is written here, and none is disturbed", async ({ sanctl, serving }) => {
  const initiator = await InitiatorServing.start(sanctl);
  try {
    const login = `initiator login ${iqn("t")} --portal ${serving.portal}`;
    await sanctl.ok(login);
    assert.match(
      await refused(sanctl, "disk attach d"),
      /target t, which has disk d, has 1 session open, of iqn\S+\n {2}log it out first/,
    );
    await sanctl.ok("disk attach d --read-only");
    assert.equal((await attached(sanctl, "d"))!.readOnly, true);
    await sanctl.ok("disk detach d");
    await sanctl.ok(`initiator logout ${iqn("t")}`);

    await sanctl.ok("disk attach d --way url");
    const { exitCode, stderr } = await sanctl.run(login);
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /0x0301/);
    const events = await sanctl.ok("events");
    assert.match(events, /disk d is attached on this server, which writes it/);
    await sanctl.ok("disk detach d");
    await sanctl.ok(login);
  } finally {
    await initiator.end();
  }
});

test("it is there again after the service has ended, or was killed", async (
  service,
  mountPoint,
) => {
  const { sanctl } = service;
  await sanctl.ok("disk attach d");
  const { path } = (await attached(sanctl, "d"))!;
  await peer("mkfs.ext4", "-q", path!);
  await peer("mount", "-o", "loop", path!, mountPoint);
  const octets = new Uint8Array(3_000_000).map((_, at) => at * 31 >> 3);
  await Deno.writeFile(join(mountPoint, "kept"), octets);
  const log = await service.stop();
  assert.match(log, /detached what was in use/);
  assert.equal((await attached(sanctl, "d"))!.path, null, "no service runs");
  await service.start();
  await peer("mount", "-o", "loop", path!, mountPoint);
  assert.deepEqual(await Deno.readFile(join(mountPoint, "kept")), octets);
  await peer("sync", "-f", mountPoint);

  await service.kill();
  await service.start();
  assert.deepEqual((await attached(sanctl, "d"))!.mounts, [], "what was left is gone");
  await peer("mount", "-o", "loop", path!, mountPoint);
  assert.deepEqual(await Deno.readFile(join(mountPoint, "kept")), octets);
  await peer("umount", mountPoint);
  await sanctl.ok("disk detach d");
});

test("a snapshot, and a clone of it, are used here", async ({ sanctl }, mountPoint) => {
  await sanctl.ok("disk attach d");
  const { path } = (await attached(sanctl, "d"))!;
  await peer("mkfs.ext4", "-q", path!);
  await sanctl.ok("snapshot create d --name then");
  assert.match(await refused(sanctl, "snapshot rollback then --force --yes"), /is attached/);
  await sanctl.ok("disk detach d");
  await sanctl.ok("snapshot attach then");
  await sanctl.ok("snapshot attach then --writable --name clone");
  await peer("e2fsck", "-fn", (await attached(sanctl, "then"))!.path!);
  const { path: clone } = (await attached(sanctl, "clone"))!;
  await peer("mount", "-o", "loop", clone!, mountPoint);
  await Deno.writeTextFile(join(mountPoint, "more"), "of the clone alone");
  assert.match(await refused(sanctl, "snapshot detach then --yes"), /is mounted at/);
  await sanctl.ok("snapshot detach then --yes --force");
  assert.deepEqual((await sanctl.facts<DiskFacts[]>("disk list")).map(({ name }) => name), ["d"]);
});
