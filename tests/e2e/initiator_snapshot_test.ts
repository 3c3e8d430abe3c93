/** A snapshot that the initiator asks for, of a disk with a mounted file system that is written. */
import assert from "node:assert/strict";
import type { InitiatorDeviceFacts } from "../../lib/initiator_service/control.ts";
import type { DeviceSnapshotFacts } from "../../lib/initiator_service/snapshot_device.ts";
import { runExecutable } from "../support/executable.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn, Service } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const IQN = iqn("mail");

/** A VHD behind a target, logged in to. */
async function withDevice(use: (sanctl: Sanctl) => Promise<void>): Promise<void> {
  await withSanctl(async (sanctl) => {
    const disk = { file: "d.vhd", size: "64M", options: "--type dynamic" };
    await Service.declare(sanctl, { targets: { mail: [disk] } });
    const serving = await Serving.start(sanctl);
    const initiator = await InitiatorServing.start(sanctl);
    try {
      await sanctl.ok(`initiator login ${IQN} --portal ${serving.portal}`);
      await use(sanctl);
    } finally {
      await initiator.end();
      await serving.end();
    }
  });
}

async function device(sanctl: Sanctl): Promise<InitiatorDeviceFacts> {
  return (await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices"))[0]!;
}

Deno.test({
  ...requires("dist/sanctl", "root", "nbdfuse", "mkfs.ext4"),
  name: "initiator snapshot: a mounted file system is whole in it, with all that was written",
  fn: () =>
    withDevice(async (sanctl) => {
      await sanctl.ok("initiator disk format mail/0 --fs ext4");
      assert.equal((await device(sanctl)).attached, null, "it was attached for that alone");
      await sanctl.ok("initiator attach mail/0 --way nbdfuse");
      const { path } = (await device(sanctl)).attached!;
      const mount = sanctl.path("mnt");
      await Deno.mkdir(mount);
      await peer("mount", "-o", "loop", path!, mount);
      let taken: DeviceSnapshotFacts;
      try {
        const refused = await sanctl.run("initiator disk format mail/0 --fs ext4 --force");
        assert.equal(refused.exitCode, 3, refused.stderr);
        assert.match(refused.stderr, /device mail\/0 is mounted at .*mnt/);
        await Deno.writeTextFile(`${mount}/before`, "it is in the snapshot\n");
        taken = await sanctl.facts<DeviceSnapshotFacts>("initiator snapshot mail/0 --name s");
        await Deno.writeTextFile(`${mount}/after`, "it was written later\n");
      } finally {
        await peer("umount", mount);
      }
      assert.deepEqual([taken.disk, taken.snapshot], ["d", "s"]);
      assert.deepEqual([taken.consistency, taken.frozen], ["file-system", [mount]]);
      await sanctl.ok("snapshot export s {}/s.vhd");
      const image = sanctl.path("s.img");
      await sanctl.ok(`initiator disk copy {}/s.vhd ${image}`);
      await peer("fsck.ext4", "-f", "-n", image);
      // What was frozen needs no recovery.
      assert.doesNotMatch(await peer("dumpe2fs", "-h", image), /needs_recovery/);
      const words = ["-R", "ls -p /", image];
      const listed = await peer("debugfs", ...words);
      assert.match(listed, /\/before\//);
      assert.doesNotMatch(listed, /\/after\//);
      assert.match(await peer("debugfs", "-R", "cat /before", image), /it is in the snapshot/);
    }),
});

Deno.test({
  ...requires("dist/sanctl", "qemu-io"),
  name: "initiator snapshot: programs that write the disk itself are told to hold still",
  fn: () =>
    withDevice(async (sanctl) => {
      await sanctl.ok("initiator attach mail/0 --way url");
      const { url } = (await device(sanctl)).attached!;
      const io = (...commands: string[]) =>
        peer("qemu-io", "-f", "raw", ...commands.flatMap((command) => ["-c", command]), url);
      await io("write -P 0x11 0 1M");
      const log = sanctl.path("log");
      const hooks = [`--before`, `echo before >> ${log}`, "--after", `echo after >> ${log}`];
      const args = ["initiator", "snapshot", "mail/0", "--name", "s", ...hooks];
      const { stdout } = await runIn(sanctl, args);
      assert.match(stdout, /^snapshot s of disk d taken, as after a power failure/);
      assert.equal(await Deno.readTextFile(log), "before\nafter\n");
      await io("write -P 0x22 0 1M", "flush");
      await sanctl.ok("snapshot export s {}/s.vhd");
      await peer("qemu-io", "-f", "vpc", "-c", "read -P 0x11 0 1M", sanctl.path("s.vhd"));
      const failed = await sanctl.run("initiator snapshot mail/0 --before false");
      assert.equal(failed.exitCode, 1);
      assert.match(failed.stderr, /--before exited with 1\n {2}no snapshot was taken/);
      const far = await sanctl.run("initiator snapshot mail/0 --target-server unix:/nowhere");
      assert.equal(far.exitCode, 6, failed.stderr);
    }),
});

/** Words with spaces in them. */
async function runIn(sanctl: Sanctl, args: string[]): Promise<{ stdout: string }> {
  const ran = await runExecutable(args, { env: sanctl.environment });
  assert.equal(ran.exitCode, 0, ran.stderr);
  return ran;
}
