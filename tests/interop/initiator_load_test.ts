/**
 * Our initiator under fio with targets that we did not write, over sessions of several connections
 * that are lost while it runs; and a target that sends initiators elsewhere.
 */
import assert from "node:assert/strict";
import { KeptSession } from "../../lib/initiator/kept_session.ts";
import { RemoteDisk } from "../../lib/initiator/remote_disk.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { Attachments } from "../../lib/nbd/attach/attachments.ts";
import { withScratch } from "../support/executable.ts";
import {
  type ForeignTarget,
  redirectTgtd,
  type StartForeignTarget,
  startIstgt,
  startSanctl,
  startTgtd,
} from "../support/foreign_targets.ts";
import { note } from "../support/note.ts";
import { runPeer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";

const MIB = 1 << 20;
const IMAGE_LENGTH = 64 * MIB;
const CONNECTIONS = 3;
/** Octets that fio moves, and how many connections are cut meanwhile. */
const FIO_OCTETS = 96 * MIB;
const CUTS = 4;

const TARGETS: readonly (readonly [name: string, StartForeignTarget, ...Requirement[]])[] = [
  ["tgtd", startTgtd, "tgtd"],
  ["istgt", startIstgt, "istgt"],
  ["sanctl", startSanctl, "dist/sanctl"],
];

for (const [name, start, ...needs] of TARGETS) {
  Deno.test({
    name: `initiator: fio verifies what it writes to ${name} while connections are cut, ` +
      "and the image behind it is what was read",
    ...requires(...needs, "fio"),
    fn: () =>
      withImage(async (directory, image) => {
        const target = await start({ image, directory });
        try {
          await load(name, target, directory, image);
        } finally {
          await target.stop();
        }
      }),
  });
}

async function withImage(use: (directory: string, image: string) => Promise<void>): Promise<void> {
  await withScratch(async (directory) => {
    const image = `${directory}/image`;
    await Deno.writeFile(image, crypto.getRandomValues(new Uint8Array(65_536)));
    await Deno.truncate(image, IMAGE_LENGTH);
    await use(directory, image);
  });
}

function keptSession(
  target: ForeignTarget,
  options: { readonly connections?: number; readonly sourceAddress?: string },
): KeptSession {
  const node = systemNode({ name: "iqn.2026-01.org.example:load" });
  const portal = { host: "127.0.0.1", port: target.port };
  return new KeptSession(node, {
    ...{ portal, targetName: target.name, firstPatienceMs: 0 },
    ...options,
  });
}

async function load(
  name: string,
  target: ForeignTarget,
  directory: string,
  image: string,
): Promise<void> {
  const kept = keptSession(target, { connections: CONNECTIONS });
  const session = await kept.start();
  const most = session.connectionsWanted(CONNECTIONS);
  assert.equal(session.connections.length, most);
  const disk = await RemoteDisk.open(kept.unit(target.lun));
  const attachments = await Attachments.open({ directory });
  const { url } = await attachments.attach({ name: "disk", device: disk, way: "url" });
  let isRunning = true;
  const cutting = cutAgainAndAgain(kept, () => isRunning);
  const { exitCode, stdout, stderr } = await runPeer("fio", fioWords(url));
  isRunning = false;
  const cuts = await cutting;
  assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
  assert.ok(cuts > 0, "fio ran long enough");
  await kept.unit(target.lun).ready();
  assert.equal(kept.session!.connections.length, most, "as many as before");
  await attachments.detach("disk", { force: true });
  const read = await digestOf(disk);
  await disk.close();
  await kept.close();
  await attachments.close();
  const file = new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(image)));
  assert.equal(read, file.toHex(), "the file behind the LUN");
  note(`fio on ${name} over ${most} connections, ${cuts} of which were cut: verified`);
}

function fioWords(url: string): string[] {
  return [
    ...["--name=verify", "--ioengine=nbd", `--uri=${url}`, "--rw=randwrite", "--bsrange=4k-128k"],
    ...["--bs_unaligned=0", `--size=${IMAGE_LENGTH}`, `--io_size=${FIO_OCTETS}`, "--iodepth=16"],
    ...["--verify=crc32c", "--verify_backlog=256", "--verify_fatal=1", "--fsync=200"],
    "--verify_state_save=0", // no file of it is left behind
    ...["--rate=40m,40m", "--output-format=terse"],
  ];
}

/** A connection of each session in turn, once the session has been at work. */
async function cutAgainAndAgain(kept: KeptSession, goesOn: () => boolean): Promise<number> {
  let cuts = 0;
  while (goesOn() && cuts < CUTS) {
    const before = kept.sessionCount;
    const connections = kept.session?.connections ?? [];
    await new Promise<void>((then) => kept.node.clock.after(500, then));
    if (!goesOn() || connections.length === 0) continue;
    connections[cuts % connections.length]!.dialled.stream.close();
    cuts++;
    while (goesOn() && (kept.sessionCount === before || kept.session === undefined)) {
      await new Promise<void>((then) => kept.node.clock.after(50, then));
    }
  }
  return cuts;
}

async function digestOf(disk: RemoteDisk): Promise<string> {
  const octets = new Uint8Array(disk.size);
  for (let at = 0; at < disk.size; at += MIB) await disk.read(at, octets, at, MIB);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

Deno.test({
  name: "initiator: tgtd's redirects are followed, the permanent one for good",
  ...requires("tgtd"),
  fn: () =>
    withImage((directory, image) =>
      withScratch(async (other) => {
        const first = await startTgtd({ image, directory });
        const second = await startTgtd({ image, directory: other });
        try {
          for (const reason of ["Temporary", "Permanent"] as const) {
            await redirectTgtd(first, second.port, reason);
            await follow(first, second, reason === "Permanent" ? second.port : first.port);
          }
        } finally {
          await first.stop();
          await second.stop();
        }
      })
    ),
});

async function follow(first: ForeignTarget, second: ForeignTarget, home: number): Promise<void> {
  // tgtd redirects nobody to where he comes from.
  const kept = keptSession(first, { sourceAddress: "127.0.0.2" });
  const session = await kept.start();
  const portOf = ({ connections }: typeof session) => connections[0]!.dialled.remotePort;
  assert.equal(portOf(session), second.port);
  assert.equal(kept.portal.port, home, "where the next login begins");
  const disk = await RemoteDisk.open(kept.unit(first.lun));
  const sent = crypto.getRandomValues(new Uint8Array(4096));
  await disk.write(MIB, sent, 0, sent.length);
  await disk.flush();
  session.connections[0]!.dialled.stream.close();
  const got = new Uint8Array(4096);
  await disk.read(MIB, got, 0, got.length);
  assert.deepEqual(got, sent);
  assert.equal(portOf(kept.session!), second.port, "it is sent there again, or goes by itself");
  await disk.close();
  await kept.close();
}
