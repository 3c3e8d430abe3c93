/** Sessions of ours with a target of ours, both in memory. */
import assert from "node:assert/strict";
import type { CommandResult } from "../../../lib/initiator/command.ts";
import { discover } from "../../../lib/initiator/discover.ts";
import { logIn, type LogInOptions } from "../../../lib/initiator/log_in.ts";
import type { Session } from "../../../lib/initiator/session.ts";
import {
  MemoryNetwork,
  PORTAL,
  PORTAL_TEXT,
  type TestNodeOptions,
} from "../../support/initiator_node.ts";
import { TARGET_NAME, TestTarget, type TestTargetOptions } from "../../support/test_target.ts";

const BLOCK = 512;

class World {
  readonly target: TestTarget;
  readonly network = new MemoryNetwork();

  constructor(options: TestTargetOptions = {}) {
    this.target = new TestTarget(options);
    this.network.portals.set(PORTAL_TEXT, () => this.target.connect().stream);
  }

  async logIn(options: Partial<LogInOptions> = {}, node: TestNodeOptions = {}): Promise<Session> {
    const { session } = await logIn(this.network.node(node), {
      portal: PORTAL,
      targetName: TARGET_NAME,
      ...options,
    });
    await session.execute(0, { cdb: new Uint8Array(6) });
    return session;
  }
}

function cdb16(opcode: number, lba: number, count: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = opcode;
  const view = new DataView(cdb.buffer);
  view.setUint32(6, lba);
  view.setUint32(10, count);
  return cdb;
}

function read(session: Session, lba: number, into: Uint8Array): Promise<CommandResult> {
  return session.execute(0, { cdb: cdb16(0x88, lba, into.length / BLOCK), dataIn: into });
}

function write(session: Session, lba: number, from: Uint8Array): Promise<CommandResult> {
  return session.execute(0, { cdb: cdb16(0x8a, lba, from.length / BLOCK), dataOut: from });
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 9)) & 0xff);
}

const COMBINATIONS: Partial<LogInOptions>[] = [];
for (const headerDigest of [false, true]) {
  for (const dataDigest of [false, true]) {
    for (const initialR2T of [false, true]) {
      for (const immediateData of [false, true]) {
        COMBINATIONS.push({ headerDigest, dataDigest, initialR2T, immediateData });
      }
    }
  }
}

Deno.test("A session writes and reads data of every length in all combinations", async () => {
  const lengths = [512, 4096, 65_536, 262_144, 262_144 + 512, (1 << 20) + 512, 3 << 20];
  for (const options of COMBINATIONS) {
    const world = new World({ size: 8 << 20 });
    const session = await world.logIn({ ...options, firstBurstLength: 131_072 });
    for (const length of lengths) {
      const sent = pattern(length);
      const written = await write(session, 3, sent);
      assert.deepEqual([written.status, written.transferred], [0, length], JSON.stringify(options));
      const got = new Uint8Array(length);
      const result = await read(session, 3, got);
      assert.deepEqual([result.status, result.transferred], [0, length]);
      assert.deepEqual(got, sent);
    }
    await session.logout();
    await world.target.close();
  }
});

Deno.test("A session keeps many commands under way, and each gets its own data", async () => {
  const world = new World({ size: 4 << 20, limits: { commandsOfSession: 16 } });
  const session = await world.logIn();
  const blocks = Array.from({ length: 200 }, (_, i) => pattern(4096).fill(i, 0, 8));
  await Promise.all(blocks.map((block, i) => write(session, i * 8, block)));
  const got = blocks.map(() => new Uint8Array(4096));
  await Promise.all(got.map((into, i) => read(session, i * 8, into)));
  assert.deepEqual(got, blocks);
  await session.logout();
  assert.equal((await session.ended).isOrderly, true);
  await world.target.close();
  assert.equal(session.node.sendBuffers.lent + session.node.receiveBuffers.lent, 0);
});

Deno.test("Several connections share a session", async () => {
  const world = new World({ size: 4 << 20 });
  const session = await world.logIn({ connections: 3 });
  assert.equal(session.connections.length, 3);
  const got = Array.from({ length: 64 }, () => new Uint8Array(65_536));
  const sent = pattern(65_536);
  await write(session, 0, sent);
  await Promise.all(got.map((into) => read(session, 0, into)));
  for (const each of got) assert.deepEqual(each, sent);
  await session.logout();
  await world.target.close();
});

Deno.test("Discovery lists the targets of a portal with their addresses", async () => {
  const world = new World();
  const found = await discover(world.network.node(), { portal: PORTAL });
  assert.deepEqual(found, [{
    name: TARGET_NAME,
    addresses: [{ host: "192.0.2.1", port: 3260, portalGroupTag: 1 }],
  }]);
  await world.target.close();
});
