/** A device over ways that tests make and lose. */
import assert from "node:assert/strict";
import {
  CommandFailure,
  type CommandRequest,
  type CommandResult,
} from "../../../../lib/initiator/command.ts";
import { MultipathUnit } from "../../../../lib/initiator/multipath/multipath_unit.ts";
import type { Path } from "../../../../lib/initiator/multipath/path.ts";
import type { PolicyName } from "../../../../lib/initiator/multipath/policies.ts";
import { DEFAULT_SETTINGS } from "../../../../lib/initiator/multipath/settings.ts";
import { Succession } from "../../../../lib/initiator/multipath/succession.ts";
import type { Kept, Way, WayObserver } from "../../../../lib/initiator/multipath/way.ts";
import { read, write } from "../../../../lib/initiator/unit_commands.ts";
import { UnitError } from "../../../../lib/initiator/unit_error.ts";
import type { UnitFacts } from "../../../../lib/initiator/unit_facts.ts";
import { silentLogger } from "../../../../lib/runtime/logger.ts";
import { SenseKey } from "../../../../lib/scsi/sense.ts";
import { TestClock } from "../../../support/test_clock.ts";

const BLOCK_LENGTH = 512;
const NAME = "naa.3000000000000001";
const GOOD: CommandResult = { status: 0, sense: undefined, transferred: 0, overflow: 0 };

function facts(changes: Partial<UnitFacts> = {}): UnitFacts {
  const identity = changes.identity ?? NAME;
  return {
    deviceType: 0,
    vendor: "v",
    product: "p",
    revision: "1",
    serialNumber: "1",
    identity,
    names: [identity],
    blockLength: BLOCK_LENGTH,
    blockCount: 1000,
    physicalBlockLength: BLOCK_LENGTH,
    isRemovable: false,
    isWriteProtected: false,
    hasWriteCache: true,
    doesForceUnitAccess: true,
    limits: {
      maximumTransferLength: 0,
      optimalTransferLength: 0,
      maximumUnmapLbaCount: 0,
      maximumUnmapBlockDescriptorCount: 0,
      optimalUnmapGranularity: 0,
      maximumWriteSameLength: 0,
    },
    provisioning: {
      isThin: false,
      readsZeros: false,
      doesUnmap: false,
      doesWriteSameUnmap: false,
    },
    ...changes,
  };
}

interface Sent {
  readonly cdb: Uint8Array;
  readonly answer: (outcome: CommandResult | CommandFailure) => void;
}

/** A way, and the session behind it. */
class TestWay implements Way, Kept {
  state: Way["state"] = "suspended";
  facts: UnitFacts | undefined = facts();
  readonly where = "a unit";
  lastError: Error | undefined;
  session: { readonly targetPortalGroupTag: number } | undefined;
  beforeLogin: (() => Promise<void>) | undefined;
  readonly observers = new Set<WayObserver>();
  /** Reads and writes that wait for their answer. */
  readonly sent: Sent[] = [];
  /** TPGS of its INQUIRY data, its port group, and the states that it reports. */
  tpgs = 0;
  portGroup = 1;
  states: readonly (readonly [group: number, state: number])[] = [];
  retries = 0;
  rechecks = 0;

  constructor(readonly isid: Uint8Array) {}

  ready(): Promise<UnitFacts> {
    return Promise.resolve(this.facts!);
  }

  retry(): void {
    this.retries++;
  }

  recheck(): void {
    this.rechecks++;
  }

  execute({ cdb, dataIn }: CommandRequest): Promise<CommandResult> {
    const opcode = cdb[0]!;
    if (opcode === 0x12) return Promise.resolve(this.#inquire(cdb, dataIn!));
    if (opcode === 0xa3) return Promise.resolve(this.#reportGroups(dataIn!));
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
    this.sent.push({
      cdb,
      answer: (outcome) => outcome instanceof CommandFailure ? reject(outcome) : resolve(outcome),
    });
    return promise;
  }

  #inquire(cdb: Uint8Array, into: Uint8Array): CommandResult {
    if (cdb[2] !== 0x83) {
      into[5] = this.tpgs << 4;
      return { ...GOOD, transferred: into.length };
    }
    into.set([0, 0x83, 0, 8, 0x51, 0x95, 0, 4, 0, 0, 0, this.portGroup]);
    return { ...GOOD, transferred: 12 };
  }

  #reportGroups(into: Uint8Array): CommandResult {
    const view = new DataView(into.buffer);
    view.setUint32(0, this.states.length * 12);
    for (const [i, [group, state]] of this.states.entries()) {
      view.setUint8(4 + i * 12, state);
      view.setUint16(6 + i * 12, group);
      view.setUint8(11 + i * 12, 1);
    }
    return { ...GOOD, transferred: 4 + this.states.length * 12 };
  }

  /** The session is there, and the unit has been found to be the right one. */
  up(portalGroup = 1): void {
    this.session = { targetPortalGroupTag: portalGroup };
    this.become("usable");
  }

  /** The session is lost, and with it what is under way. */
  lose(reason = "the cable was cut"): void {
    this.session = undefined;
    this.lastError = new Error(reason);
    for (const { answer } of this.sent.splice(0)) {
      answer(new CommandFailure("session-lost", reason));
    }
    this.become("suspended");
  }

  become(state: Way["state"]): void {
    this.state = state;
    for (const observer of [...this.observers]) observer.stateChanged?.();
  }
}

class World {
  readonly clock = new TestClock();
  readonly events: string[] = [];
  readonly ways: TestWay[] = [];
  readonly unit: MultipathUnit;
  /** Logins under the ISIDs of lost sessions succeed. */
  doesReinstate = true;

  constructor(paths: number, policy: PolicyName = "fail-over-only") {
    this.unit = new MultipathUnit({
      name: "d",
      policy,
      settings: DEFAULT_SETTINGS,
      clock: this.clock,
      logger: silentLogger,
      events: { note: (kind) => this.events.push(kind) },
    });
    const successions = Array.from({ length: paths }, (_, i) => this.#addPath(i));
    for (const one of successions) {
      for (const other of successions) if (one !== other) one.siblings.add(other);
    }
  }

  #addPath(number: number): Succession {
    const way = new TestWay(Uint8Array.of(number));
    this.ways.push(way);
    const succession = new Succession({
      kept: way,
      clock: this.clock,
      nexusLossMs: DEFAULT_SETTINGS.nexusLossMs,
      logInAs: () => this.doesReinstate ? Promise.resolve(1) : Promise.reject(new Error("no")),
    });
    this.unit.add({ name: `p${number}`, way, succession });
    return succession;
  }

  /** A path whose last session nobody has logged out of. */
  addLeft(way: TestWay): void {
    const succession = new Succession({
      kept: way,
      clock: this.clock,
      nexusLossMs: DEFAULT_SETTINGS.nexusLossMs,
      logInAs: () => Promise.reject(new Error("no")),
      leftIn: 1,
    });
    this.unit.add({ name: "left", way, succession });
  }

  async up(...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) this.ways[number]!.up();
    await settled();
  }

  get states(): string {
    return this.unit.paths.map(({ state }) => state).join(" ");
  }

  write(lba: number, blocks: number): Promise<CommandResult> {
    const dataOut = new Uint8Array(blocks * BLOCK_LENGTH);
    return this.unit.execute({ cdb: write(lba, blocks), dataOut });
  }

  read(lba: number, blocks: number): Promise<CommandResult> {
    const dataIn = new Uint8Array(blocks * BLOCK_LENGTH);
    return this.unit.execute({ cdb: read(lba, blocks), dataIn });
  }

  /** How many commands wait on each path. */
  get depths(): string {
    return this.ways.map(({ sent }) => sent.length).join(" ");
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

Deno.test("MultipathUnit uses one path and keeps the others, or uses all, as its policy says", async () => {
  const world = new World(3);
  await world.up(0, 1, 2);
  assert.equal(world.states, "active standby standby");
  world.read(0, 1);
  world.read(0, 1);
  await settled();
  assert.equal(world.depths, "2 0 0");
  world.unit.policy = "round-robin";
  assert.equal(world.states, "active active active");
  for (let i = 0; i < 3; i++) world.read(0, 1);
  await settled();
  assert.equal(world.depths, "3 1 1");
});

Deno.test("MultipathUnit carries what was lost with a path out through another, and tells of it", async () => {
  const world = new World(2);
  await world.up(0, 1);
  const reading = world.read(0, 1);
  await settled();
  world.ways[0]!.lose();
  await settled();
  assert.equal(world.depths, "0 1");
  world.ways[1]!.sent[0]!.answer(GOOD);
  assert.equal((await reading).status, 0);
  assert.deepEqual(world.events, ["failed-over", "device-degraded"]);
  assert.equal(world.states, "failed active");
});

Deno.test("MultipathUnit tells of a path that fails while it stands by", async () => {
  const world = new World(2);
  await world.up(0, 1);
  world.ways[1]!.lose();
  assert.deepEqual(world.events, ["standby-path-failed", "device-degraded"]);
});

Deno.test("A143: MultipathUnit keeps commands while there is no path, and then fails them clearly", async () => {
  const world = new World(1);
  await world.up(0);
  world.ways[0]!.lose();
  assert.deepEqual(world.events, ["fail-over-attempted", "no-path"]);
  assert.ok(world.ways[0]!.retries > 0, "it is tried at once");
  const kept = world.read(0, 1);
  world.clock.advance(DEFAULT_SETTINGS.noPathMs - 1);
  await world.up(0);
  world.ways[0]!.sent[0]!.answer(GOOD);
  assert.equal((await kept).status, 0);
  world.ways[0]!.lose("somebody pulled the plug");
  const failed = world.read(0, 1);
  world.clock.advance(DEFAULT_SETTINGS.noPathMs);
  await assert.rejects(failed, (error) => {
    assert.ok(error instanceof UnitError);
    assert.match(error.message, /device d had no path for 120 s \(p0: somebody pulled the plug\)/);
    return true;
  });
  await assert.rejects(world.read(0, 1), UnitError, "nothing waits any more");
  await world.up(0);
  const again = world.read(0, 1);
  await settled();
  world.ways[0]!.sent[0]!.answer(GOOD);
  assert.equal((await again).status, 0);
});

Deno.test("A140: overlapping writes are carried out one after the other, others at once", async () => {
  const world = new World(2, "round-robin");
  await world.up(0, 1);
  world.write(0, 8);
  world.write(4, 8);
  world.write(100, 8);
  await settled();
  assert.deepEqual(lbas(world), [0, 100]);
  world.ways[0]!.sent[0]!.answer(GOOD);
  await settled();
  assert.deepEqual(lbas(world), [0, 4, 100]);
});

Deno.test("A137: after a write was lost, newer ones to the range wait until its session is over", async () => {
  const world = new World(2);
  world.doesReinstate = false;
  await world.up(0, 1);
  const first = world.write(0, 8);
  await settled();
  world.ways[0]!.lose();
  await settled();
  world.ways[1]!.sent.shift()!.answer(GOOD);
  assert.equal((await first).status, 0, "it is carried out elsewhere and answered");
  world.write(4, 1);
  world.write(8, 1);
  world.read(4, 1);
  await settled();
  assert.equal(world.depths, "0 2", "what is elsewhere, and what reads, goes on");
  world.doesReinstate = true;
  world.clock.advance(1000);
  await settled();
  assert.equal(world.depths, "0 3");
});

Deno.test("A138: a path that leads to another unit, or to another capacity, carries nothing", async () => {
  const world = new World(3);
  world.ways[1]!.facts = facts({ identity: "naa.3000000000000002" });
  world.ways[2]!.facts = facts({ blockCount: 999 });
  await world.up(0, 1, 2);
  assert.equal(world.states, "active quarantined probing");
  assert.equal(world.ways[0]!.rechecks, 1, "the other is asked whether it has grown");
  world.ways[0]!.become("usable");
  assert.equal(world.states, "active quarantined quarantined");
  assert.deepEqual(world.events, ["path-quarantined", "path-quarantined"]);
  world.ways[0]!.lose();
  world.read(0, 1);
  await settled();
  assert.equal(world.depths, "0 0 0");
});

Deno.test("A145: a unit that grows has its new capacity when all paths say so", async () => {
  const world = new World(2);
  const told: number[] = [];
  world.unit.observers.add({ factsChanged: () => told.push(world.unit.facts!.blockCount) });
  await world.up(0, 1);
  world.ways[0]!.facts = facts({ blockCount: 2000 });
  world.ways[0]!.become("usable");
  assert.equal(world.unit.facts!.blockCount, 1000);
  world.ways[1]!.facts = facts({ blockCount: 2000 });
  world.ways[1]!.become("usable");
  await settled();
  assert.equal(world.unit.facts!.blockCount, 2000);
  assert.deepEqual(told, [2000]);
  assert.equal(world.states, "active standby");
});

Deno.test("MultipathUnit uses optimized ports, then others, and none that stands by", async () => {
  const world = new World(3);
  for (const [i, way] of world.ways.entries()) {
    way.tpgs = 1;
    way.portGroup = i + 1;
    way.states = [[1, 2], [2, 1], [3, 0]];
  }
  await world.up(0, 1, 2);
  assert.equal(world.states, "standby standby active");
  world.ways[2]!.lose();
  assert.equal(world.states, "standby active failed");
});

Deno.test("MultipathUnit goes elsewhere when a port says that it stands by, and asks again later", async () => {
  const world = new World(2);
  for (const [i, way] of world.ways.entries()) {
    way.tpgs = 1;
    way.portGroup = i + 1;
    way.states = [[1, 0], [2, 0]];
  }
  await world.up(0, 1);
  world.read(0, 1);
  await settled();
  const sense = { key: SenseKey.NOT_READY, code: 0x040b, deferred: false };
  world.ways[0]!.sent.shift()!.answer({ ...GOOD, status: 2, sense });
  await settled();
  assert.equal(world.depths, "0 1");
  assert.equal(world.states, "standby active");
  world.clock.advance(1000);
  await settled();
  assert.equal(world.states, "active standby", "it fails back");
});

Deno.test("A144: a path that is back is used first when it has lasted, unless it is the only one", async () => {
  const world = new World(2);
  await world.up(0, 1);
  world.ways[0]!.lose();
  await world.up(0);
  assert.equal(world.states, "probing active");
  world.clock.advance(DEFAULT_SETTINGS.settleMs);
  assert.equal(world.states, "active standby");
  world.ways[0]!.lose();
  await world.up(0);
  world.ways[1]!.lose();
  assert.equal(world.states, "active failed");
});

Deno.test("MultipathUnit gives a command up that takes every path down", async () => {
  const world = new World(1);
  await world.up(0);
  const poison = world.read(0, 1);
  const failed = assert.rejects(poison, CommandFailure);
  for (let i = 0; i < 20; i++) {
    world.ways[0]!.lose();
    await world.up(0);
  }
  await failed;
});

Deno.test("A path can be removed and added while commands are under way", async () => {
  const world = new World(2);
  await world.up(0, 1);
  const path: Path = world.unit.paths[0]!;
  world.unit.remove(path);
  assert.equal(world.states, "active");
  world.read(0, 1);
  await settled();
  assert.equal(world.depths, "0 1");
});

Deno.test("What a new session hears of a restart means nothing while another one still answers", async () => {
  const world = new World(2);
  await world.up(0, 1);
  let looks = 0;
  world.unit.observers.add({
    cacheSuspected() {
      looks++;
      return Promise.resolve();
    },
  });
  const [first, second] = world.ways as [TestWay, TestWay];
  first.lose();
  const suspected = [...first.observers].map((each) => each.cacheSuspected?.(() => assert.fail()));
  await settled();
  second.sent.shift()!.answer(GOOD);
  await Promise.all(suspected);
  assert.equal(looks, 0);
  second.lose();
  await Promise.all([...first.observers].map((each) => each.cacheSuspected?.(() => assert.fail())));
  assert.equal(looks, 1);
});

Deno.test("A137: where a service was killed, nothing is written until its sessions are over", async () => {
  const world = new World(2);
  const way = new TestWay(Uint8Array.of(9));
  world.doesReinstate = false;
  world.addLeft(way);
  await world.up(0);
  world.write(0, 1);
  world.read(0, 1);
  await settled();
  assert.equal(world.depths, "1 0", "only what reads goes on");
  way.up();
  await settled();
  assert.equal(world.depths, "2 0");
});

function lbas(world: World): number[] {
  return world.ways.flatMap(({ sent }) =>
    sent.map(({ cdb }) => new DataView(cdb.buffer).getUint32(2))
  ).sort((a, b) => a - b);
}
