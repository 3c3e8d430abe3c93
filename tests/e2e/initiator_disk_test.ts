/** Disks of the initiator's service made ready by their names, and left alone while in use. */
import assert from "node:assert/strict";
import { NbdDevice } from "../../lib/nbd/client/nbd_device.ts";
import { parseNbdUrl } from "../../lib/nbd/address.ts";
import type { InitiatorDeviceFacts } from "../../lib/initiator_service/control.ts";
import type { DiskFacts } from "../../lib/initiator_service/disk_facts.ts";
import { openRemoteDisk } from "../../lib/initiator/open_remote_disk.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { Status } from "../../lib/scsi/status.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { requires } from "../support/requires.ts";
import {
  REGISTER,
  RESERVE,
  type ReserveOut,
  reserveOutCdb,
  reserveOutList,
  WE,
} from "../support/reservations.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn, Service } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const IQN = iqn("mail");

interface World {
  readonly sanctl: Sanctl;
  /** The same disk by a session of the command's own. */
  readonly url: string;
}

async function withWorld(options: string, use: (world: World) => Promise<void>): Promise<void> {
  await withSanctl(async (sanctl) => {
    const disk = { file: "d.img", size: "64M", options };
    await Service.declare(sanctl, { targets: { mail: [disk] } });
    const serving = await Serving.start(sanctl);
    const initiator = await InitiatorServing.start(sanctl);
    try {
      await sanctl.ok(`initiator login ${IQN} --portal ${serving.portal}`);
      await use({ sanctl, url: `iscsi://${serving.portal}/${IQN}/0` });
    } finally {
      await initiator.end();
      await serving.end();
    }
  });
}

async function refused(
  { sanctl }: World,
  exitCode: number,
  line: string,
  text: RegExp,
): Promise<void> {
  const ran = await sanctl.run(`initiator disk ${line}`);
  assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stderr}`);
  assert.match(ran.stderr, text);
}

async function attached(sanctl: Sanctl): Promise<InitiatorDeviceFacts["attached"]> {
  return (await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices"))[0]!.attached;
}

Deno.test({
  ...requires("dist/sanctl"),
  name:
    "initiator disk: a device is found by its names, with its blocks, and attached meanwhile alone",
  fn: () =>
    withWorld("--logical-block 4096", async ({ sanctl, url }) => {
      const made = await sanctl.facts<DiskFacts>("initiator disk init mail/0 --gpt");
      assert.deepEqual([made.table, made.blockLength], ["gpt", 4096]);
      assert.equal(await attached(sanctl), null);
      await sanctl.ok(`initiator disk partition ${IQN}/0 --add rest:linux:data`);
      const device = (await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices"))[0]!;
      for (const name of ["mail/0", device.identity!, url]) {
        const { partitions } = await sanctl.facts<DiskFacts>(`initiator disk show ${name}`);
        assert.deepEqual(partitions.map((each) => [each.name, each.start]), [["data", 1 << 20]]);
      }
      assert.equal(await attached(sanctl), null);
    }),
});

Deno.test({
  ...requires("dist/sanctl"),
  name: "initiator disk: what a program uses is left alone, by each of its names; reading goes on",
  fn: () =>
    withWorld("", async (world) => {
      const { sanctl, url } = world;
      await sanctl.ok("initiator attach mail/0 --way url");
      const program = await NbdDevice.open(parseNbdUrl((await attached(sanctl))!.url));
      try {
        for (const name of ["mail/0", url]) {
          const inUse =
            /device mail\/0 is attached, and in use over \d connections?\n {2}end what uses it/;
          await refused(world, 3, `init ${name} --gpt`, inUse);
          await refused(world, 3, `format ${name} --fs ext4 --force`, inUse);
          await refused(world, 3, `write ${name} --input /dev/null`, inUse);
          await sanctl.ok(`initiator disk show ${name}`);
        }
      } finally {
        await program.close();
      }
      await sanctl.ok("initiator disk init mail/0 --mbr");
      assert.notEqual(await attached(sanctl), null, "what was attached stays so");
      await sanctl.ok("initiator detach mail/0");
      await sanctl.ok("initiator attach mail/0 --way url --read-only");
      await refused(world, 3, "init mail/0 --gpt --force", /is attached read-only/);
    }),
});

Deno.test({
  ...requires("dist/sanctl"),
  name: "initiator disk: mistakes are explained, and nothing is lost by them",
  fn: () =>
    withWorld("", async (world) => {
      const { sanctl } = world;
      await sanctl.ok("initiator disk init mail/0 --gpt");
      await sanctl.ok("initiator disk partition mail/0 --add 20M --add rest:swap");
      const before = await sanctl.facts<DiskFacts>("initiator disk show mail/0");
      const cases: readonly [number, string, RegExp][] = [
        [2, "init mail/0", /either a GPT or an MBR\n {2}add one of them/],
        [2, "init mail/0:1 --gpt --force", /is a partition, and has no table/],
        [3, "init mail/0 --gpt", /mail\/0 holds a GPT with 2 partitions\n {2}.*--force/],
        [4, "init mail/1 --gpt", /there is no device mail\/1\n.*initiator devices/],
        [4, "show mail/0:3", /there is no partition 3\n {2}those that there are: 1, 2/],
        [4, "show ./nothing", /there is no \.\/nothing/],
        [2, "show nbd:x", /nbd/],
        [2, "partition mail/0 --add 5", /a size needs a unit/],
        [2, "partition mail/0 --add 5M:nonsense", /a GPT knows no type "nonsense"\n.*linux/],
        [1, "partition mail/0 --add 100M", /does not fit/],
        [4, "partition mail/0 --delete 7", /there is no partition 7/],
        [2, "format mail/0:1 --fs zfs", /"zfs" for fs: it is ext4 or vfat or ntfs or exfat/],
        [2, "read mail/0 --output /tmp/x --offset 65M", /not all on mail\/0/],
        [4, "write mail/0 --input /nowhere", /there is no \/nowhere/],
        [2, "copy mail/0 mail/0:1 --force", /are on one disk/],
      ];
      for (const [exitCode, line, text] of cases) await refused(world, exitCode, line, text);
      assert.deepEqual(await sanctl.facts("initiator disk show mail/0"), before);
      assert.equal(await attached(sanctl), null);
    }),
});

/** Another initiator, which lets everybody read and nobody else write. */
async function withReservation(portal: string, use: () => Promise<void>): Promise<void> {
  const [, host, port] = /^(.*):(\d+)$/.exec(portal)!;
  const node = systemNode({ name: iqn("other") });
  const where = { host: host!, port: Number(port) };
  const disk = await openRemoteDisk(node, { portal: where, targetName: IQN, lun: 0 });
  const reserve = async (action: number, options: ReserveOut) => {
    const dataOut = reserveOutList(options);
    const cdb = reserveOutCdb(action, options, dataOut.length);
    const { status } = await disk.route.execute({ cdb, dataOut });
    assert.equal(status, Status.GOOD);
  };
  try {
    await reserve(REGISTER, { actionKey: 1n });
    await reserve(RESERVE, { key: 1n, type: WE });
    await use();
  } finally {
    await disk.close();
  }
}

Deno.test({
  ...requires("dist/sanctl", "mkfs.ext4"),
  name:
    "initiator disk: what another initiator has reserved, or may not be written, stays as it is",
  fn: () =>
    withWorld("", async (world) => {
      const { sanctl, url } = world;
      await sanctl.ok("initiator disk init mail/0 --gpt");
      const before = await sanctl.facts<DiskFacts>(`initiator disk show ${url}`);
      const portal = /^iscsi:\/\/([^/]+)/.exec(url)![1]!;
      await withReservation(portal, async () => {
        const reserved = /another initiator has it reserved\n {2}have that one release it first/;
        await refused(world, 3, `init ${url} --mbr --force`, reserved);
        await refused(world, 3, `format ${url} --fs ext4 --force`, reserved);
        const { stderr } = await sanctl.run(`initiator disk format ${url} --fs ext4 --force`);
        assert.doesNotMatch(stderr, /holds no file system now/);
        assert.deepEqual(await sanctl.facts(`initiator disk show ${url}`), before);
      });
      await sanctl.ok("disk set d --read-only");
      await refused(
        world,
        1,
        `init ${url} --mbr --force`,
        /is read-only\n {2}see how it is assigned/,
      );
      assert.deepEqual(await sanctl.facts(`initiator disk show ${url}`), before);
    }),
});
