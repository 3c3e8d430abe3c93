/** Changes under initiators that we did not write, with what went over the wire. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EndedSession, SessionFacts } from "../../lib/config/facts.ts";
import type { EventFacts } from "../../lib/events/event_facts.ts";
import { Capture } from "../support/capture.ts";
import { withScratch } from "../support/executable.ts";
import { LibiscsiSession } from "../support/libiscsi.ts";
import { LinuxGuest } from "../support/linux_guest.ts";
import { withNetwork } from "../support/network_namespace.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn, withService } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const TARGET = iqn("t");
const INITIATOR = "iqn.2026-01.org.example:linux";
const PORTAL = "192.0.2.1";
const MIB = 1 << 20;

const LUNS_CHANGED = "0x3f0e";
const CAPACITY_CHANGED = "0x2a09";

/** An Asynchronous Message, and a SCSI Response. RFC 7143 11.1.1. */
const EVENTS = "iscsi.opcode == 0x32", RESPONSES = "iscsi.opcode == 0x21";
const LOGGED_OUT = "iscsi.opcode == 0x26";

/** The sense codes in the PDUs that the filter lets through, in their order. */
async function senseCodes(capture: Capture, filter: string): Promise<string[]> {
  const rows = await capture.fields(`${filter} && scsi.sns.ascascq`, "scsi.sns.ascascq");
  return rows.flatMap(([codes]) => codes!.split(","));
}

Deno.test({
  name: "libiscsi sees a new LUN and a new capacity in the session that it has",
  ...requires("dist/sanctl", "libiscsi", "tshark", "root"),
  fn: () =>
    withService(
      { targets: { t: [{ file: "mem:a", size: "8M" }] } },
      (service) =>
        withScratch(async (folder) => {
          const { portal } = service.serving;
          const port = Number(portal.split(":")[1]);
          const capture = await Capture.start(join(folder, "wire"), port);
          try {
            const session = await LibiscsiSession.logIn(portal, TARGET);
            assert.deepEqual(await session.luns(), [0]);
            await service.sanctl.ok("disk create mem:b --size 16M --target t");
            assert.match(await session.testUnitReady(0), /UNIT_ATTENTION.*0x3f0e/);
            assert.equal(await session.testUnitReady(0), "");
            assert.deepEqual(await session.luns(), [0, 1]);
            assert.match(await session.testUnitReady(1), /UNIT_ATTENTION.*0x2900/);
            assert.equal(await session.blockCount(1), 16 * MIB / 512);
            await service.sanctl.ok("disk extend b --by 16M");
            assert.equal(await session.testUnitReady(0), "", "the other disk has nothing to tell");
            assert.match(await session.testUnitReady(1), /UNIT_ATTENTION.*0x2a09/);
            assert.equal(await session.blockCount(1), 32 * MIB / 512);
            await service.sanctl.ok("disk unassign b t --force --yes");
            assert.match(await session.testUnitReady(0), /UNIT_ATTENTION.*0x3f0e/);
            assert.deepEqual(await session.luns(), [0]);
            assert.match(await session.testUnitReady(1), /ILLEGAL_REQUEST.*0x2500/);
            await session.logOut();
            await capture.stop(LOGGED_OUT);
          } finally {
            await capture.end();
          }
          const events = [LUNS_CHANGED, CAPACITY_CHANGED, LUNS_CHANGED];
          assert.deepEqual(await senseCodes(capture, EVENTS), events);
          const told = await senseCodes(capture, RESPONSES);
          const expected = [LUNS_CHANGED, "0x2900", CAPACITY_CHANGED, LUNS_CHANGED, "0x2500"];
          assert.deepEqual(told.slice(-expected.length), expected);
        }),
    ),
});

interface Machines {
  readonly sanctl: Sanctl;
  readonly guest: LinuxGuest;
}

/** In this order, each on what the ones before it left. */
const STEPS: readonly (readonly [name: string, (machines: Machines) => Promise<void>])[] = [
  ["logs in, and keeps a file system", logIn],
  ["finds a disk that it is given, by itself", findAnother],
  ["is told the new capacity of a disk at once", seeCapacity],
  ["loses a disk and keeps the others, in the session that it had", loseOne],
  ["logs out when it is asked to, and comes back", comeBack],
  ["is logged out when it may log in no more, and stays out", stayOut],
];

Deno.test({
  name: "the Linux initiator lives through changes",
  ...requires("dist/sanctl", "linux guest", "linux kernel", "network namespaces", "ip", "tshark"),
  fn: (t) =>
    withNetwork([PORTAL], (network) =>
      withSanctl((sanctl) =>
        withScratch(async (folder) => {
          await sanctl.ok(`target create t --iqn ${TARGET} --allow iqn:${INITIATOR}`);
          await sanctl.ok("disk create {}/d.vhd --size 64M --target t");
          await sanctl.ok(`target portal add ${PORTAL}`);
          const serving = await Serving.startDeclared(sanctl, network.through);
          const capture = await Capture.start(join(folder, "wire"), 3260, network.through);
          const guest = await LinuxGuest.boot(folder, network.through);
          try {
            let isRight = true;
            for (const [name, step] of STEPS) {
              isRight &&= await t.step(name, () => step({ sanctl, guest }));
            }
            await capture.stop(LOGGED_OUT);
            if (isRight) {
              await t.step("and the wire shows how it was told", () => onTheWire(capture));
            }
          } finally {
            await guest.end();
            await capture.end();
            await serving.end().catch(() => undefined);
          }
        })
      )),
});

function path(lun: number): string {
  return `/dev/disk/by-path/ip-${PORTAL}:3260-iscsi-${TARGET}-lun-${lun}`;
}

async function logIn({ guest }: Machines): Promise<void> {
  await guest.ok("/lib/systemd/systemd-udevd --daemon && udevadm trigger && udevadm settle");
  await guest.ok(`echo InitiatorName=${INITIATOR} > /etc/iscsi/initiatorname.iscsi; iscsid`);
  await guest.ok(`iscsiadm -m discovery -t sendtargets -p ${PORTAL}`);
  await guest.ok("iscsiadm -m node --login && udevadm settle");
  await guest.ok(`mkfs.ext4 -q ${path(0)} && mount -t ext4 ${path(0)} /mnt`);
  await guest.ok("head -c 8000000 /dev/urandom > /mnt/large");
  await guest.ok("cd /mnt && sha256sum large > /tmp/ledger && sync");
}

async function findAnother({ sanctl, guest }: Machines): Promise<void> {
  const [before] = await sanctl.facts<SessionFacts[]>("target sessions");
  await sanctl.ok("disk create mem:m --size 32M --target t");
  await guest.until(`[ -e ${path(1)} ]`);
  assert.match(await guest.ok(`sg_luns ${path(0)}`), /2 lun entr/);
  const [after] = await sanctl.facts<SessionFacts[]>("target sessions");
  assert.equal(after!.id, before!.id);
}

async function seeCapacity({ sanctl, guest }: Machines): Promise<void> {
  await guest.ok("dmesg -c >/dev/null");
  await sanctl.ok("disk extend d --by 64M");
  // Whatever asks first hears it; the kernel asks again by itself.
  await guest.ok(`cat /mnt/large >/dev/null; sg_turs ${path(0)}; sync`);
  assert.match(await guest.ok("dmesg -c"), /Capacity data has changed/i);
  const said = await guest.ok(`sg_readcap --long ${path(0)}`);
  assert.match(said, new RegExp(`Device size: ${128 * MIB} bytes`));
  const name = `$(basename $(readlink -f ${path(0)}))`;
  await guest.ok(`echo 1 > /sys/block/${name}/device/rescan`);
  assert.equal(Number(await guest.ok(`blockdev --getsize64 ${path(0)}`)), 128 * MIB);
  await guest.ok("cd /mnt && echo 3 > /proc/sys/vm/drop_caches && sha256sum -c /tmp/ledger");
}

async function loseOne({ sanctl, guest }: Machines): Promise<void> {
  const [before] = await sanctl.facts<SessionFacts[]>("target sessions");
  await guest.ok(
    "( while [ ! -e /tmp/stop ]; do dd if=/dev/zero of=/mnt/busy bs=65536 count=64 " +
      "conv=fsync || touch /tmp/failed; done; touch /tmp/ended ) >/dev/null 2>&1 &",
  );
  await sanctl.ok("disk unassign m t --force --yes");
  const gone = await guest.run(`dd if=${path(1)} of=/dev/null bs=4096 count=1 iflag=direct`);
  assert.notEqual(gone.exitCode, 0, "the disk is gone");
  await guest.ok("touch /tmp/stop");
  await guest.until("[ -e /tmp/ended ]");
  await guest.ok("[ ! -e /tmp/failed ]");
  await guest.ok("cd /mnt && sha256sum -c /tmp/ledger");
  const [after] = await sanctl.facts<SessionFacts[]>("target sessions");
  assert.equal(after!.id, before!.id);
}

async function comeBack({ sanctl, guest }: Machines): Promise<void> {
  const [ended] = await sanctl.facts<EndedSession[]>("target disconnect --all --yes");
  assert.equal(ended!.loggedOut, true);
  // What it does meanwhile waits for the new session.
  await guest.ok("echo 3 > /proc/sys/vm/drop_caches; cd /mnt && sha256sum -c /tmp/ledger");
  const [after] = await sanctl.facts<SessionFacts[]>("target sessions");
  assert.notEqual(after!.id, ended!.id);
}

async function stayOut({ sanctl, guest }: Machines): Promise<void> {
  await guest.ok("cd / && umount /mnt");
  await sanctl.ok(`target deny t iqn:${INITIATOR} --yes`);
  for (let tries = 0; !await isRefused(sanctl); tries++) {
    assert.ok(tries < 150, "it was ended, and never came to be refused");
    await delay(200);
  }
  assert.deepEqual(await sanctl.facts("target sessions"), []);
}

/** Whether the initiator came again after its session had ended, and was refused. */
async function isRefused(sanctl: Sanctl): Promise<boolean> {
  const events = await sanctl.facts<EventFacts[]>("events");
  const kinds = events.map(({ kind }) => kind);
  return kinds.lastIndexOf("login-refused") > kinds.lastIndexOf("session-ended");
}

async function onTheWire(capture: Capture): Promise<void> {
  const events = [LUNS_CHANGED, CAPACITY_CHANGED, LUNS_CHANGED];
  assert.deepEqual(await senseCodes(capture, EVENTS), events);
  assert.ok((await senseCodes(capture, RESPONSES)).includes(CAPACITY_CHANGED));
  const asked = await capture.fields(`${EVENTS} && iscsi.asyncevent == 1`, "frame.number");
  assert.equal(asked.length, 2, "asked to log out twice");
  note(
    "tshark: Linux was told of LUNs (3F/0E) and capacity (2A/09) by events, and of the latter " +
      "by a unit attention too; it was asked to log out, and did",
  );
}
