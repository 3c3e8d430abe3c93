/**
 * Where fuzzing takes place: one server, a target that everybody may do everything to, and another
 * whose one initiator must notice nothing of it.
 */
import assert from "node:assert/strict";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { LogicalUnit } from "../../lib/scsi/logical_unit.ts";
import { AccessList } from "../../lib/target/access_list.ts";
import { LunMap } from "../../lib/target/lun_map.ts";
import { Target } from "../../lib/target/target.ts";
import { BufferPool } from "../../lib/wire/buffer_pool.ts";
import type { Chance } from "../support/chance.ts";
import { GatedDevice } from "../support/gated_device.ts";
import type { TestInitiator } from "../support/test_initiator.ts";
import { TestTarget } from "../support/test_target.ts";
import { POISON, POISONED_RUN } from "./answer_checker.ts";
import { FuzzPeer, type Stage } from "./fuzz_peer.ts";

const BLOCK = 512;
const SCRATCH_LENGTH = 64 << 10;
const GOOD_BLOCKS = 64;

export const FUZZ_TARGET = "iqn.2026-01.org.example:scratch";

export class FuzzGround {
  /** Its own target is the one of the good initiator. */
  readonly target = new TestTarget({ size: GOOD_BLOCKS * BLOCK });
  readonly #chance: Chance;
  readonly #scratch = new GatedDevice(new MemoryDevice(SCRATCH_LENGTH));
  readonly #untouchable = new MemoryDevice(SCRATCH_LENGTH);
  readonly #units: LogicalUnit[];
  readonly #good: Promise<TestInitiator>;
  #isOver = false;
  #cases = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
    poisonBuffers();
    const luns = new LunMap();
    this.#units = [this.#scratch, this.#untouchable].map((device, lun) => {
      const unit = new LogicalUnit({
        device,
        identity: {
          uuid: new Uint8Array(16).fill(lun + 1),
          vendor: "sanctl",
          product: "scratch",
          revision: "1",
        },
        removable: lun === 0,
      });
      luns.set(lun, { unit, readOnly: lun === 1 });
      return unit;
    });
    const access = AccessList.of(["any"]);
    this.target.node.addTarget(new Target({ name: FUZZ_TARGET, access, luns }));
    this.#good = this.target.logIn();
  }

  /** One hostile connection, from its first octet to its end. */
  async run(stage: Stage): Promise<void> {
    const chance = this.#chance;
    if (chance.in100(20)) this.#scratch.hold(chance.one(["read", "write", "flush"]));
    const { stream, ended } = this.target.connect();
    const peer = new FuzzPeer(stream, chance);
    const initiatorName = `iqn.2026-01.org.example:fuzz.${chance.below(4)}`;
    await peer.run(stage, { initiatorName, targetName: FUZZ_TARGET });
    if (chance.in100(40)) this.#scratch.releaseAll();
    if (++this.#cases % 50 === 0) this.#letTimePass();
    await Promise.race([ended, turns(20)]);
    assert.deepEqual(peer.checker.wrongs, []);
  }

  #letTimePass(): void {
    this.target.clock.advance(1000);
    this.target.server.tickNow();
  }

  /** Writes and reads, all the while, and never sees an error. */
  async keepGood(): Promise<number> {
    const initiator = await this.#good;
    const model = new Uint8Array(GOOD_BLOCKS * BLOCK);
    let count = 0;
    while (!this.#isOver) {
      const lba = this.#chance.below(GOOD_BLOCKS - 8);
      const blocks = this.#chance.between(1, 8);
      const data = this.#chance.octets(blocks * BLOCK);
      const length = data.length;
      const write = { cdb: [0x2a, 0, 0, 0, 0, lba, 0, 0, blocks, 0], write: true, length, data };
      assert.equal((await initiator.run(write, data)).status, 0, "the good write");
      model.set(data, lba * BLOCK);
      const read = { cdb: [0x28, 0, 0, 0, 0, 0, 0, 0, GOOD_BLOCKS, 0], read: true };
      const found = await initiator.run({ ...read, length: model.length });
      assert.equal(found.status, 0, "the good read");
      assert.deepEqual(found.data, model, "what the good initiator wrote");
      count++;
      await turns(2);
    }
    return count;
  }

  /** Ends everything; nothing may be left of anybody, and nothing have been touched. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#scratch.releaseAll();
    await turns(50);
    const { server, node } = this.target;
    assert.equal(node.sessions.size, 1, "only the good session is left");
    assert.equal(server.connectionCount, 1);
    await this.target.close();
    assert.equal(node.sessions.size, 0);
    assert.equal(server.lentBuffers, 0);
    assert.equal(node.pendingWrites.octets, 0);
    assert.equal(node.collected.octets, 0);
    for (const { tasks, attentions, locks } of this.#units) {
      assert.equal(tasks.count, 0);
      assert.equal(attentions.count, 0);
      assert.ok(locks.free(0, SCRATCH_LENGTH));
    }
    this.#checkMedia();
    this.#checkLog();
  }

  #checkMedia(): void {
    const octets = new Uint8Array(SCRATCH_LENGTH);
    this.#untouchable.readNow(0, octets, 0, octets.length);
    assert.ok(octets.every((octet) => octet === 0), "nothing was written through a read-only LUN");
    // Where a length was mutated, the header that follows is data; used memory never is.
    this.#scratch.readNow(0, octets, 0, octets.length);
    assert.ok(!octets.toHex().includes(POISONED_RUN), "what was written had been sent");
  }

  /** B-16: one line for a connection at most, and none of an inner fault. */
  #checkLog(): void {
    const lines = new Map<unknown, number>();
    for (const { level, message, facts } of this.target.log) {
      assert.notEqual(level, "error", `${message} ${JSON.stringify(facts)}`);
      if (level !== "warn" || facts.peer === undefined) continue;
      lines.set(facts.peer, (lines.get(facts.peer) ?? 0) + 1);
    }
    for (const [peer, count] of lines) assert.equal(count, 1, `lines about ${peer}`);
  }
}

let isPoisoned = false;

/** B-19: buffers of the pools come filled, so that whatever is sent unset can be told. */
function poisonBuffers(): void {
  if (isPoisoned) return;
  isPoisoned = true;
  const take = BufferPool.prototype.take;
  BufferPool.prototype.take = function (this: BufferPool) {
    const buffer = take.call(this);
    buffer.octets.fill(POISON, 0, 32 << 10);
    return buffer;
  };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
