/** The Linux kernel's nbd devices, which the executable makes of disks, in an emulated machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { DiskFacts } from "../../lib/config/facts.ts";
import { runExecutable, withScratch } from "../support/executable.ts";
import { type GuestResult, LinuxGuest } from "../support/linux_guest.ts";
import { peer } from "../support/peer.ts";
import { EXECUTABLE, requires } from "../support/requires.ts";
import { iqn } from "../support/service.ts";

/** Under emulation everything takes its time. */
const SLOW_MS = 4 * 60_000;
const PORTAL = "127.0.0.1:3260";

const SERVER = `targets:
  - { name: t, iqn: "${iqn("t")}", allow: [any], luns: [{ disk: d }] }
disks:
  - { name: d, path: /srv/d.vhd, size: 64M, type: dynamic }
`;

/** In this order, each on what the ones before it left. */
const STEPS: readonly (readonly [name: string, (machine: Machine) => Promise<void>])[] = [
  ["starts the service", begin],
  ["attaches a disk as a block device, on which a file system is made", attach],
  ["keeps what is mounted, and says where", keepMounted],
  ["keeps what a program has open, and says which", keepOpen],
  ["finds all of it after it was detached, attached and checked", findAgain],
  ["unmounts in order where it is told to, and loses nothing", force],
  ["loses nothing when the service ends", endService],
  ["takes away what a killed service has left, and attaches again", killService],
  ["refuses writes where that is asked for", readOnly],
  ["attaches a remote disk in the same way", attachRemote],
];

Deno.test({
  name: "the Linux kernel uses attached disks as its own block devices",
  ...requires("dist/sanctl", "linux guest", "linux kernel"),
  fn: (t) =>
    withScratch(async (folder) => {
      const drive = await makeDrive(folder);
      const more = [
        "-m",
        "1024",
        "-smp",
        "2",
        "-drive",
        `file=${drive},format=raw,if=virtio,cache=unsafe`,
      ];
      const machine = new Machine(await LinuxGuest.boot(folder, [], more));
      try {
        for (const [name, step] of STEPS) {
          if (!await t.step(name, () => step(machine))) return;
        }
      } finally {
        await machine.guest.end();
      }
    }),
});

/** A file system with the executable, and room for disks. */
async function makeDrive(folder: string): Promise<string> {
  const content = join(folder, "content");
  await Deno.mkdir(content);
  await Deno.copyFile(EXECUTABLE, join(content, "sanctl"));
  // Unpacked here, which takes an emulated machine minutes.
  const env = { SANCTL_CACHE_DIR: join(content, "cache") };
  assert.equal((await runExecutable(["version"], { env })).exitCode, 0);
  const drive = join(folder, "drive");
  await peer("mkfs.ext4", "-q", "-d", content, drive, "600M");
  return drive;
}

class Machine {
  constructor(readonly guest: LinuxGuest) {}

  ok(script: string): Promise<string> {
    return this.guest.ok(script, SLOW_MS);
  }

  /** Runs a command that must be refused as in use, and answers what it said. */
  async refused(line: string): Promise<string> {
    const { exitCode, output }: GuestResult = await this.guest.run(`sanctl ${line}`, SLOW_MS);
    assert.equal(exitCode, 3, output);
    return output;
  }

  async facts<T>(line: string): Promise<T> {
    return JSON.parse(await this.ok(`sanctl ${line} --json`)) as T;
  }

  async start(noun: string, options = ""): Promise<void> {
    await this.ok(`rm -f /tmp/${noun}.log
      sanctl ${noun} serve ${options} >/tmp/${noun}.log 2>&1 &
      echo $! > /tmp/${noun}.pid`);
    await this.ok(`until grep -q ^ready /tmp/${noun}.log; do
      kill -0 $(cat /tmp/${noun}.pid) || { cat /tmp/${noun}.log; exit 1; }; sleep 0.2; done`);
  }

  /** Ends a service, and waits until it has. */
  async end(noun: string, signal: "TERM" | "KILL"): Promise<void> {
    await this.ok(`pid=$(cat /tmp/${noun}.pid); kill -${signal} $pid
      while kill -0 $pid 2>/dev/null; do sleep 0.1; done`);
  }

  /** Writes a file of its own content, and remembers that. */
  async write(name: string): Promise<void> {
    await this.ok(`head -c 5000000 /dev/urandom > /mnt/${name}
      (cd /mnt && sha256sum ${name} >> /tmp/ledger)`);
  }
}

async function begin(machine: Machine): Promise<void> {
  // The executable is found as a program, and keeps what it has on the drive.
  await machine.ok(`mkdir -p /srv && mount -t ext4 /dev/vda /srv
    cat > /bin/sanctl <<'END'
#!/bin/sh
SANCTL_CACHE_DIR=/srv/cache SANCTL_STATE_DIR=/srv/state exec /srv/sanctl "$@"
END
    chmod 755 /bin/sanctl`);
  // Each command takes seconds there.
  await machine.ok(
    `cat > /tmp/server.yaml <<'END'\n${SERVER}END\nsanctl apply -f /tmp/server.yaml`,
  );
  await machine.start("target", `--portal ${PORTAL} --http off`);
}

async function attach(machine: Machine): Promise<void> {
  const said = await machine.ok("sanctl disk attach d");
  assert.match(said, /disk d is attached: \/dev\/nbd0\n {2}use it as any disk: mount/);
  const { attached } = await machine.facts<DiskFacts>("disk show d");
  assert.deepEqual([attached!.way, attached!.path, attached!.clients], ["nbd", "/dev/nbd0", 0]);
  assert.equal(Number(await machine.ok("blockdev --getsize64 /dev/nbd0")), 64 << 20);
  assert.equal(Number(await machine.ok("blockdev --getss /dev/nbd0")), 512);
  await machine.ok("mkfs.ext4 -q /dev/nbd0 && mount -t ext4 /dev/nbd0 /mnt");
  await machine.write("one");
}

async function keepMounted(machine: Machine): Promise<void> {
  const said = await machine.refused("disk detach d");
  assert.match(said, /\/dev\/nbd0 is mounted at \/mnt\n {2}umount \/mnt first/);
}

async function keepOpen(machine: Machine): Promise<void> {
  await machine.ok("umount /mnt; (sleep 1000 </dev/nbd0 & echo $! > /tmp/sleep)");
  const said = await machine.refused("disk detach d");
  assert.match(said, /\/dev\/nbd0 is open in sleep \(\d+\)\n {2}end them first/);
  await machine.ok("kill $(cat /tmp/sleep)");
}

async function findAgain(machine: Machine): Promise<void> {
  await machine.ok("sanctl disk detach d");
  assert.notEqual((await machine.guest.run("nbd-client -c /dev/nbd0")).exitCode, 0);
  await machine.ok("sanctl disk attach d && e2fsck -fn /dev/nbd0");
  await mounted(machine);
}

/** Mounts, and finds what was written. */
async function mounted(machine: Machine): Promise<void> {
  await machine.ok("mount -t ext4 /dev/nbd0 /mnt && cd /mnt && sha256sum -c /tmp/ledger");
}

async function force(machine: Machine): Promise<void> {
  await machine.write("two");
  await machine.ok("(cd /mnt && exec sleep 1000 & echo $! > /tmp/sleep)");
  const said = await machine.ok("sanctl disk detach d --force --yes 2>&1");
  assert.match(said, /\/mnt is unmounted; programs that have files open there/);
  await machine.ok("kill $(cat /tmp/sleep); sanctl disk attach d && e2fsck -fn /dev/nbd0");
  await mounted(machine);
}

async function endService(machine: Machine): Promise<void> {
  await machine.write("three");
  await machine.end("target", "TERM");
  assert.match(await machine.ok("cat /tmp/target.log"), /\/mnt is unmounted/);
  await machine.start("target", `--portal ${PORTAL} --http off`);
  await machine.ok("e2fsck -fn /dev/nbd0");
  await mounted(machine);
}

async function killService(machine: Machine): Promise<void> {
  await machine.write("four");
  await machine.ok("sync");
  await machine.end("target", "KILL");
  await machine.start("target", `--portal ${PORTAL} --http off`);
  await mounted(machine);
  await machine.ok("umount /mnt && e2fsck -fn /dev/nbd0 && sanctl disk detach d");
}

async function readOnly(machine: Machine): Promise<void> {
  await machine.ok("sanctl disk attach d --read-only");
  assert.equal((await machine.ok("blockdev --getro /dev/nbd0")).trim(), "1");
  const written = await machine.guest.run("dd if=/dev/zero of=/dev/nbd0 bs=4096 count=1");
  assert.notEqual(written.exitCode, 0);
  await machine.ok("e2fsck -fn /dev/nbd0 && sanctl disk detach d");
}

async function attachRemote(machine: Machine): Promise<void> {
  await machine.start("initiator");
  await machine.ok(`sanctl initiator login ${iqn("t")} --portal ${PORTAL}
    sanctl initiator attach t/0`);
  await machine.ok("e2fsck -fn /dev/nbd0");
  await mounted(machine);
  assert.match(
    await machine.refused(`initiator logout ${iqn("t")}`),
    /is attached as \/dev\/nbd0, and mounted at \/mnt/,
  );
  await machine.write("five");
  await machine.end("initiator", "TERM");
  await machine.ok("sanctl disk attach d && e2fsck -fn /dev/nbd0");
  await mounted(machine);
}
