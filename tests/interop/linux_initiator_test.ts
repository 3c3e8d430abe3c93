/** The Linux kernel's own initiator, with the tools that come with it, in an emulated machine. */
import assert from "node:assert/strict";
import type { DiskFacts } from "../../lib/config/facts.ts";
import { withScratch } from "../support/executable.ts";
import { LinuxGuest } from "../support/linux_guest.ts";
import { type NetworkNamespace, withNetwork } from "../support/network_namespace.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

/** On two networks, as multipath wants it. */
const PORTALS = ["192.0.2.1", "198.51.100.1"] as const;
const INITIATOR = "iqn.2026-01.org.example:linux";
const TARGET = iqn("t");
const HIDDEN = iqn("hidden");
const SIZE = 64 << 20;

/** Failures are noticed within seconds; until a path is back, what is written waits. */
const MULTIPATH = `defaults {
  find_multipaths no
  polling_interval 1
  max_polling_interval 1
  fast_io_fail_tmo 2
  no_path_retry queue
}
`;

type Settings = Readonly<Record<string, string>>;

/** What the guest's initiator is told to do otherwise than by default. */
const SETTINGS: Settings = {
  "conn[0].iscsi.HeaderDigest": "CRC32C",
  "conn[0].iscsi.DataDigest": "CRC32C",
  "conn[0].timeo.noop_out_interval": "1",
  "conn[0].timeo.noop_out_timeout": "2",
};

/** Besides the default, which has both immediate data and unsolicited Data-Out. */
const WAYS: readonly Settings[] = [
  {
    "session.iscsi.InitialR2T": "Yes",
    "session.iscsi.ImmediateData": "No",
    "conn[0].iscsi.HeaderDigest": "None",
    "conn[0].iscsi.DataDigest": "None",
  },
  {
    "session.iscsi.InitialR2T": "Yes",
    "session.iscsi.ImmediateData": "Yes",
    "session.iscsi.FirstBurstLength": "8192",
    "conn[0].iscsi.HeaderDigest": "CRC32C",
  },
  {
    "session.iscsi.InitialR2T": "No",
    "session.iscsi.ImmediateData": "No",
    "session.iscsi.MaxBurstLength": "16384",
    "conn[0].iscsi.HeaderDigest": "None",
    "conn[0].iscsi.DataDigest": "CRC32C",
    "conn[0].iscsi.MaxRecvDataSegmentLength": "4096",
  },
];

interface Machines {
  readonly network: NetworkNamespace;
  readonly sanctl: Sanctl;
  readonly guest: LinuxGuest;
  serving: Serving;
}

/** In this order, each on what the ones before it left. */
const STEPS: readonly (readonly [name: string, (machines: Machines) => Promise<void>])[] = [
  ["finds the targets that it may use, at both portals", discover],
  ["is told that it may not log in where it may not", refused],
  ["logs in with digests", logIn],
  ["is told what the disk is", askDisk],
  ["reserves, and releases", reserve],
  ["makes one device of two paths", combine],
  ["keeps a file system", keepFiles],
  ["sees a LUN that is assigned while it is logged in, by itself", seeAnother],
  ["goes on writing after the service was killed and started again", surviveKill],
  ["goes on writing on the other path when one is cut", surviveCut],
  ["logs out", logOut],
  ["moves data in each way that a login can agree on", moveData],
];

Deno.test({
  name: "the Linux initiator finds, uses, loses and finds again what is served",
  ...requires("dist/sanctl", "linux guest", "linux kernel", "network namespaces", "ip"),
  fn: (t) =>
    withMachines(async (machines) => {
      for (const [name, step] of STEPS) {
        if (!await t.step(name, () => step(machines))) return;
      }
      const ledger = await machines.guest.ok("cat /tmp/ledger");
      await machines.serving.end();
      await t.step("and the file holds it", () => checkFile(machines.sanctl, ledger));
    }),
});

async function withMachines(use: (machines: Machines) => Promise<void>): Promise<void> {
  await withNetwork(PORTALS, (network) =>
    withSanctl((sanctl) =>
      withScratch(async (folder) => {
        await sanctl.ok(`target create t --iqn ${TARGET} --allow iqn:${INITIATOR}`);
        await sanctl.ok(`target create hidden --iqn ${HIDDEN} --allow iqn:${iqn("other")}`);
        await sanctl.ok(`disk create {}/d.vhd --size ${SIZE >> 20}M --target t`);
        await sanctl.ok("disk create mem:m --size 32M");
        const serving = await serve(sanctl, network);
        const guest = await LinuxGuest.boot(folder, network.through);
        const machines = { network, sanctl, guest, serving };
        try {
          await use(machines);
        } finally {
          await guest.end();
          await machines.serving.end().catch(() => undefined);
        }
      })
    ));
}

function serve(sanctl: Sanctl, network: NetworkNamespace): Promise<Serving> {
  const portals = PORTALS.flatMap((address) => ["--portal", `${address}:3260`]);
  return Serving.start(sanctl, portals, network.through);
}

async function discover({ guest }: Machines): Promise<void> {
  await guest.ok("/lib/systemd/systemd-udevd --daemon && udevadm trigger && udevadm settle");
  await guest.ok(`echo InitiatorName=${INITIATOR} > /etc/iscsi/initiatorname.iscsi; iscsid`);
  await guest.ok(`cat > /etc/multipath.conf <<'END'\n${MULTIPATH}END\nmultipathd`);
  const said = await guest.ok(`iscsiadm -m discovery -t sendtargets -p ${PORTALS[0]}`);
  const expected = PORTALS.map((address) => `${address}:3260,1 ${TARGET}`);
  assert.deepEqual(said.trim().split("\n"), expected);
}

async function refused({ guest }: Machines): Promise<void> {
  const node = `iscsiadm -m node -T ${HIDDEN} -p ${PORTALS[0]}`;
  await guest.ok(`${node} -o new`);
  const { exitCode, output } = await guest.run(`${node} --login`);
  assert.equal(exitCode, 19, output);
  assert.match(output, /non-retryable iSCSI login failure/);
  await guest.ok(`${node} -o delete`);
}

async function logIn({ guest }: Machines): Promise<void> {
  await set(guest, SETTINGS);
  await guest.ok("dmesg -c >/dev/null");
  await guest.ok("iscsiadm -m node --login && udevadm settle");
  const sessions = await guest.ok("iscsiadm -m session -P 2");
  for (const key of ["HeaderDigest", "DataDigest"]) {
    assert.equal(sessions.match(new RegExp(`${key}: CRC32C`, "g"))?.length, 2, sessions);
  }
  const said = await assertCalm(guest);
  const caches = "Write cache: enabled, read cache: enabled, supports DPO and FUA";
  assert.equal(said.split(caches).length, 3, said);
}

/** What is to be asked for in the next login. */
async function set(guest: LinuxGuest, settings: Settings): Promise<void> {
  const update = Object.entries(settings).map(([name, value]) =>
    `iscsiadm -m node -o update -n 'node.${name}' -v ${value}`
  );
  await guest.ok(update.join(" && "));
}

/** What the kernel said since it was asked last, with nothing that it complains of. */
async function assertCalm(guest: LinuxGuest): Promise<string> {
  const said = await guest.ok("dmesg -c");
  const complaint =
    /error|fail|reject|invalid|unexpected|unsupported|timed out|abort|corrupt|\bbad\b/i;
  assert.deepEqual(said.split("\n").filter((line) => complaint.test(line)), []);
  return said;
}

/** The disk by way of one portal. */
function path(portal: number, lun = 0): string {
  return `/dev/disk/by-path/ip-${PORTALS[portal]}:3260-iscsi-${TARGET}-lun-${lun}`;
}

async function askDisk({ guest, sanctl }: Machines): Promise<void> {
  const { uuid } = await sanctl.facts<DiskFacts>("disk show d");
  for (const portal of PORTALS.keys()) {
    const device = path(portal);
    assert.equal(Number(await guest.ok(`blockdev --getsize64 ${device}`)), SIZE);
    assert.match(await guest.ok(`sg_inq ${device}`), /Vendor identification: SANCTL/);
    const serial = /serial number: (\S+)/.exec(await guest.ok(`sg_vpd -p sn ${device}`));
    assert.equal(serial?.[1], uuid.replaceAll("-", ""));
    const capacity = await guest.ok(`sg_readcap --long ${device}`);
    assert.match(capacity, new RegExp(`Device size: ${SIZE} bytes`));
    assert.match(await guest.ok(`sg_luns ${device}`), /imples 1 lun entry|implies 1 lun entry/);
    assert.match(await guest.ok(`sg_opcodes ${device}`), /Compare and write/i);
    assert.match(await guest.ok(`sg_rtpg ${device}`), /asymmetric access state : 0x00/);
    await guest.ok(`sg_turs ${device} && sg_sync ${device}`);
  }
  const names = await guest.ok(`for path in ${path(0)} ${path(1)}; do
    /lib/udev/scsi_id --whitelisted --device=$path; done`);
  const [first, second] = names.trim().split("\n");
  assert.equal(first, second, "one disk has one name on both paths");
  await assertCalm(guest);
}

async function reserve({ guest }: Machines): Promise<void> {
  const persist = `sg_persist --no-inquiry`;
  const device = path(0);
  await guest.ok(`${persist} --out --register --param-sark=0xabc ${device}`);
  assert.match(await guest.ok(`${persist} --in --read-keys ${path(1)}`), /0xabc/);
  await guest.ok(`${persist} --out --reserve --param-rk=0xabc --prout-type=5 ${device}`);
  const held = await guest.ok(`${persist} --in --read-reservation ${path(1)}`);
  assert.match(held, /Key=0xabc\s+scope: LU_SCOPE,\s+type: Write Exclusive, registrants only/);
  const write = `dd if=/dev/zero of=${path(1)} bs=4096 count=1 conv=fsync`;
  assert.notEqual((await guest.run(write)).exitCode, 0, "the other path holds no reservation");
  await guest.ok(`dd if=/dev/zero of=${device} bs=4096 count=1 conv=fsync`);
  await guest.ok(`${persist} --out --clear --param-rk=0xabc ${device}`);
  assert.match(await guest.ok("dmesg -c"), /reservation conflict/);
}

/** The guest's name for what both paths lead to, besides those that it had. */
async function mapped(guest: LinuxGuest, ...others: string[]): Promise<string> {
  const found = (await guest.ok("ls -1 /dev/mapper")).trim().split("\n");
  const names = found.filter((name) => name !== "control" && !others.includes(name));
  assert.equal(names.length, 1, found.join(" "));
  return names[0]!;
}

async function combine({ guest }: Machines): Promise<void> {
  await guest.until("[ $(multipath -ll | grep -c 'active ready running') = 2 ]");
  const said = await guest.ok("multipath -ll");
  assert.match(said, /SANCTL,VIRTUAL DISK/);
  assert.match(said, /hwhandler='1 alua'/);
  assert.equal(said.match(/prio=50/g)?.length, 2, said);
  await guest.ok(`ln -s /dev/mapper/${await mapped(guest)} /dev/disk/d`);
}

async function keepFiles({ guest }: Machines): Promise<void> {
  await guest.ok("mkfs.ext4 -q /dev/disk/d && mount -t ext4 /dev/disk/d /mnt");
  await guest.ok("head -c 8000000 /dev/urandom > /mnt/large");
  await guest.ok("mkdir /mnt/small; for i in $(seq 200); do echo $i > /mnt/small/$i; done");
  await guest.ok("cd /mnt && sha256sum large small/* > /tmp/ledger");
  await guest.ok("umount /mnt && e2fsck -fn /dev/disk/d && mount -t ext4 /dev/disk/d /mnt");
  await guest.ok("cd /mnt && sha256sum -c /tmp/ledger");
  await assertCalm(guest);
}

async function seeAnother({ guest, sanctl }: Machines): Promise<void> {
  const known = await mapped(guest);
  await sanctl.ok("disk assign m t --lun 1");
  // Nobody asks for it: iscsid looks when it is told by an asynchronous event.
  await guest.until(`[ -e ${path(0, 1)} ] && [ -e ${path(1, 1)} ]`);
  await guest.until("[ $(multipath -ll | grep -c 'active ready running') = 4 ]");
  const device = `/dev/mapper/${await mapped(guest, known)}`;
  await guest.ok(`blkdiscard ${device} && mkfs.ext4 -q ${device} && e2fsck -fn ${device}`);
  await guest.ok(`multipath -f ${device}`);
  await assertCalm(guest);
}

/** Writes files without end, and notes each with its checksum once it is on the disk. */
const WRITER = `n=0; while [ ! -e /tmp/stop ]; do
  n=$((n + 1))
  head -c 300000 /dev/urandom > /tmp/chunk
  if dd if=/tmp/chunk of=/mnt/w$n bs=300000 conv=fsync; then
    echo "$(sha256sum < /tmp/chunk | cut -d ' ' -f 1)  w$n" >> /tmp/ledger
  else
    touch /tmp/failed
  fi
  [ $n -lt 60 ] || n=0
done; touch /tmp/ended`;

async function surviveKill(machines: Machines): Promise<void> {
  const { guest, sanctl, network } = machines;
  await guest.ok(`( ${WRITER} ) >/tmp/writer 2>&1 &`);
  await writeMore(guest);
  await machines.serving.end("SIGKILL");
  machines.serving = await serve(sanctl, network);
  await writeMore(guest);
  await guest.until("[ $(multipath -ll | grep -c 'active ready running') -ge 2 ]");
  await assertKept(guest, /detected conn error/);
}

/** Waits until the writer has got further. */
async function writeMore(guest: LinuxGuest): Promise<void> {
  await guest.ok("wc -l < /tmp/ledger > /tmp/before");
  await guest.until("[ $(wc -l < /tmp/ledger) -gt $(($(cat /tmp/before) + 2)) ]");
}

async function surviveCut({ guest, network }: Machines): Promise<void> {
  const portal = await activePortal(guest);
  await network.cut(portal);
  await guest.until("multipath -ll | grep -q 'failed faulty'");
  await writeMore(guest);
  await network.plug(portal);
  await guest.until("[ $(multipath -ll | grep -c 'active ready running') -ge 2 ]");
  await writeMore(guest);
  await assertKept(guest, /Failing path [^]*Reinstating path/);
}

/** The address at the other end of the path that is used. */
async function activePortal(guest: LinuxGuest): Promise<string> {
  const [, disk] = /status=active\n.* (sd\w+) /.exec(await guest.ok("multipath -ll"))!;
  const session = `$(readlink -f /sys/block/${disk}/device | sed 's|/target.*||')`;
  const address = `${session}/connection*/iscsi_connection/connection*/persistent_address`;
  return (await guest.ok(`cat ${address}`)).trim();
}

/** The kernel said what happened to the connection, and nothing of data that went with it. */
async function assertKept(guest: LinuxGuest, happened: RegExp): Promise<void> {
  const said = await guest.ok("dmesg -c");
  assert.match(said, happened);
  assert.doesNotMatch(said, /EXT4-fs|JBD2|Buffer I\/O|lost|corrupt/i);
}

async function logOut({ guest, sanctl }: Machines): Promise<void> {
  await guest.ok("touch /tmp/stop");
  await guest.until("[ -e /tmp/ended ]");
  await guest.ok("[ ! -e /tmp/failed ] || cat /tmp/writer");
  await guest.ok("umount /mnt && e2fsck -fn /dev/disk/d && multipath -F");
  await guest.ok("iscsiadm -m node --logout");
  assert.deepEqual(await sanctl.facts("target sessions"), []);
  await assertCalm(guest);
}

async function moveData({ guest }: Machines): Promise<void> {
  await guest.ok("multipathd shutdown; head -c 3000000 /dev/urandom > /tmp/data");
  const node = `iscsiadm -m node -p ${PORTALS[0]}`;
  const device = path(0, 1);
  for (const way of WAYS) {
    await set(guest, way);
    await guest.ok(`${node} --login && udevadm settle`);
    const session = await guest.ok("iscsiadm -m session -P 2");
    for (const [name, value] of Object.entries(way)) {
      const key = name.slice(name.lastIndexOf(".") + 1);
      assert.match(session, new RegExp(`${key}: ${value}\\n`), `${name}=${value}`);
    }
    await guest.ok(`dd if=/tmp/data of=${device} bs=600000 conv=fsync`);
    await guest.ok("echo 3 > /proc/sys/vm/drop_caches");
    await guest.ok(`head -c 3000000 ${device} | cmp - /tmp/data`);
    await guest.ok(`dd if=/dev/zero of=${device} bs=1000000 count=3 conv=fsync`);
    await guest.ok(`${node} --logout`);
  }
  await assertCalm(guest);
}

/** Every file is in the VHD as it was noted in the guest. */
async function checkFile(sanctl: Sanctl, ledger: string): Promise<void> {
  await peer("e2fsck", "-fn", sanctl.path("d.vhd"));
  const files = sanctl.path("files");
  await Deno.mkdir(files);
  await peer("debugfs", "-R", `rdump / ${files}`, sanctl.path("d.vhd"));
  // Of a file that was written again, the last line counts.
  const sums = new Map(ledger.trim().split("\n").map((line) => [line.split("  ")[1], line]));
  await Deno.writeTextFile(sanctl.path("ledger"), [...sums.values(), ""].join("\n"));
  await peer("sh", "-c", `cd "$1" && sha256sum --quiet -c ../ledger`, "sh", files);
}
