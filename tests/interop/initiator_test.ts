/** Our initiator with targets that we did not write, and with the executable as one more. */
import assert from "node:assert/strict";
import { chapAuthentication } from "../../lib/initiator/chap.ts";
import { discover } from "../../lib/initiator/discover.ts";
import { KeptSession } from "../../lib/initiator/kept_session.ts";
import type { InitiatorNode } from "../../lib/initiator/node.ts";
import { openRemoteDisk } from "../../lib/initiator/open_remote_disk.ts";
import { RemoteDisk } from "../../lib/initiator/remote_disk.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { ChapSecret } from "../../lib/iscsi/chap/secret.ts";
import { withScratch } from "../support/executable.ts";
import {
  type ChapAccount,
  type ForeignTarget,
  type StartForeignTarget,
  startIstgt,
  startSanctl,
  startTgtd,
} from "../support/foreign_targets.ts";
import { note } from "../support/note.ts";
import { type Requirement, requires } from "../support/requires.ts";

const MIB = 1 << 20;
const IMAGE_LENGTH = 64 * MIB;

const ALICE: ChapAccount = { user: "alice", secret: "alice her secret" };
const SERVER: ChapAccount = { user: "server", secret: "server its word" };

const TARGETS: readonly (readonly [name: string, StartForeignTarget, ...Requirement[]])[] = [
  ["tgtd", startTgtd, "tgtd"],
  ["istgt", startIstgt, "istgt"],
  ["sanctl", startSanctl, "dist/sanctl"],
];

/** What is proved: nothing, by the initiator, by both. */
const PROOFS = [
  { name: "without CHAP" },
  { name: "with CHAP", chap: ALICE },
  { name: "with mutual CHAP", chap: ALICE, mutual: SERVER },
] as const;

type Proof = { readonly chap?: ChapAccount; readonly mutual?: ChapAccount };

function authentication(node: InitiatorNode, { chap, mutual }: Proof) {
  if (chap === undefined) return undefined;
  const initiator = { user: chap.user, secret: new ChapSecret(chap.secret) };
  const target = mutual && { user: mutual.user, secret: new ChapSecret(mutual.secret) };
  return chapAuthentication(node, { initiator, target });
}

function random(length: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(octets.subarray(at, Math.min(length, at + 65_536)));
  }
  return octets;
}

async function digest(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

async function withTarget(
  start: StartForeignTarget,
  proof: Proof,
  use: (target: ForeignTarget, image: string) => Promise<void>,
): Promise<void> {
  await withScratch(async (directory) => {
    const image = `${directory}/image`;
    await Deno.writeFile(image, random(MIB));
    await Deno.truncate(image, IMAGE_LENGTH);
    const target = await start({ image, directory, ...proof });
    try {
      await use(target, image);
    } finally {
      await target.stop();
    }
  });
}

const FLAGS = [false, true];
const COMBINATIONS = FLAGS.flatMap((headerDigest) =>
  FLAGS.flatMap((dataDigest) =>
    FLAGS.flatMap((initialR2T) =>
      FLAGS.map((immediateData) => ({ headerDigest, dataDigest, initialR2T, immediateData }))
    )
  )
);

for (const [name, start, ...needs] of TARGETS) {
  for (const { name: how, ...proof } of PROOFS) {
    Deno.test({
      name: `initiator: ${name} ${how}: digests, InitialR2T and ImmediateData in all combinations`,
      ...requires(...needs),
      fn: () => withTarget(start, proof, (target) => tryAll(target, proof)),
    });
  }
  Deno.test({
    name: `initiator: whole images go to ${name} and come back equal`,
    ...requires(...needs),
    fn: () => withTarget(start, {}, (target, image) => moveImages(name, target, image)),
  });
  Deno.test({
    name: `initiator: ${name} refuses a wrong secret, and ours refuses its`,
    ...requires(...needs),
    fn: () => withTarget(start, { chap: ALICE, mutual: SERVER }, refuse),
  });
}

async function tryAll(target: ForeignTarget, proof: Proof): Promise<void> {
  const node = systemNode({ name: "iqn.2026-01.org.example:interop" });
  const portal = { host: "127.0.0.1", port: target.port };
  const found = await discover(node, { portal });
  assert.deepEqual(found.map((each) => each.name), [target.name]);
  for (const options of COMBINATIONS) {
    const kept = new KeptSession(node, {
      ...{ portal, targetName: target.name, firstPatienceMs: 0, ...options },
      authentication: authentication(node, proof),
    });
    const session = await kept.start();
    assert.ok(session.parameters.initialR2T || !options.initialR2T);
    assert.ok(options.immediateData || !session.parameters.immediateData);
    const disk = await RemoteDisk.open(kept.unit(target.lun));
    assert.equal(disk.size, IMAGE_LENGTH, JSON.stringify(options));
    for (const length of [512, 8192, 65_536, 262_144 + 512, 2 * MIB + 1536]) {
      const sent = random(length);
      await disk.write(3 * MIB, sent, 0, length);
      const got = new Uint8Array(length);
      await disk.read(3 * MIB, got, 0, length);
      assert.deepEqual(await digest(got), await digest(sent), JSON.stringify(options));
    }
    await disk.flush();
    await disk.close();
    await kept.close();
  }
}

async function moveImages(name: string, target: ForeignTarget, image: string): Promise<void> {
  const node = systemNode({ name: "iqn.2026-01.org.example:interop" });
  const portal = { host: "127.0.0.1", port: target.port };
  const speeds: string[] = [];
  for (const digests of FLAGS) {
    const disk = await openRemoteDisk(node, {
      ...{ portal, targetName: target.name, lun: target.lun },
      ...{ headerDigest: digests, dataDigest: digests },
    });
    const sent = random(IMAGE_LENGTH);
    const beganMs = performance.now();
    await each(disk.size, (at, length) => disk.write(at, sent, at, length));
    await disk.flush();
    const writtenMs = performance.now();
    const got = new Uint8Array(IMAGE_LENGTH);
    await each(disk.size, (at, length) => disk.read(at, got, at, length));
    const readMs = performance.now();
    const expected = await digest(sent);
    assert.equal(await digest(got), expected);
    assert.equal(await digest(await Deno.readFile(image)), expected, "the file behind the LUN");
    await disk.close();
    const rate = (ms: number) => Math.round(IMAGE_LENGTH / MIB / ms * 1000);
    const how = digests ? "with digests" : "without digests";
    speeds.push(`${how} ${rate(writtenMs - beganMs)}/${rate(readMs - writtenMs)} MiB/s`);
  }
  note(`whole images to and from ${name}, written and flushed/read: ${speeds.join(", ")}`);
}

/** Pieces of all lengths, eight at once. */
async function each(
  size: number,
  move: (at: number, length: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function work(): Promise<void> {
    while (next < size) {
      const at = next;
      const length = Math.min(size - at, [4096, 65_536, 262_144, MIB, 3 * MIB][at % 5]!);
      next += length;
      await move(at, length);
    }
  }
  await Promise.all(Array.from({ length: 8 }, work));
}

async function refuse(target: ForeignTarget): Promise<void> {
  const node = systemNode({ name: "iqn.2026-01.org.example:interop" });
  const portal = { host: "127.0.0.1", port: target.port };
  async function failure(proof: Proof): Promise<Error> {
    const { port, name, lun } = target;
    const options = { portal: { ...portal, port }, targetName: name, lun };
    const opening = openRemoteDisk(node, {
      ...options,
      authentication: authentication(node, proof),
    });
    return await opening.then(() => assert.fail("it was let in"), (error: Error) => error);
  }
  const wrong = { ...ALICE, secret: "not alice her own" };
  const refused = await failure({ chap: wrong, mutual: SERVER });
  assert.match(refused.message, /authentication failed \(status 0x0201\)|closed by the peer/);
  const unproved = await failure({});
  assert.match(unproved.message, /status 0x0201|wants proof|closed by the peer/);
  const deceived = await failure({
    chap: ALICE,
    mutual: { ...SERVER, secret: "another one's word" },
  });
  assert.match(deceived.message, /does not prove itself/);
}
