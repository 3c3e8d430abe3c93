import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { TaskAttribute } from "../../../lib/scsi/task.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

/** What no device should throw: the connection that meets it ends, and nothing else does. */
class BrokenDevice extends GatedDevice {
  readonly broken = new Set<string>();
  isSlow = false;

  constructor() {
    super(new MemoryDevice(1 << 20));
  }

  override readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#meet("readNow", offset);
    return !this.isSlow && super.readNow(offset, into, at, length);
  }

  override writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#meet("writeNow", offset);
    return !this.isSlow && super.writeNow(offset, from, at, length);
  }

  override async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#meet("read", offset);
    await super.read(offset, into, at, length);
  }

  override async write(
    offset: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): Promise<void> {
    this.#meet("write", offset);
    await super.write(offset, from, at, length);
  }

  override async flush(): Promise<void> {
    this.#meet("flush", 0);
    await super.flush();
  }

  #meet(operation: string, offset: number): void {
    if (offset < 4096 && this.broken.has(operation)) throw new TypeError(`a bug in ${operation}`);
  }
}

const BLOCK = 512;
const READ = { cdb: [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], read: true, length: BLOCK };
const WRITE = {
  cdb: [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0],
  write: true,
  length: BLOCK,
  data: new Uint8Array(BLOCK),
};
const FLUSH = { cdb: [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
const COMPARE_AND_WRITE = {
  cdb: [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
  write: true,
  length: 2 * BLOCK,
  data: new Uint8Array(2 * BLOCK),
};

const CASES = [
  { name: "a read at once", operation: "readNow", command: READ, isSlow: false },
  { name: "a read that takes its time", operation: "read", command: READ, isSlow: true },
  { name: "a write at once", operation: "writeNow", command: WRITE, isSlow: false },
  { name: "a write that takes its time", operation: "write", command: WRITE, isSlow: true },
  { name: "a flush", operation: "flush", command: FLUSH, isSlow: false },
  { name: "an atomic command", operation: "read", command: COMPARE_AND_WRITE, isSlow: true },
];

for (const { name, operation, command, isSlow } of CASES) {
  Deno.test(`a bug met in ${name} ends its connection alone, with one line`, async () => {
    const device = new BrokenDevice();
    const target = new TestTarget({ device });
    const victim = await target.logIn({ InitiatorName: `${INITIATOR_NAME}.other` });
    const initiator = await target.logIn();
    device.isSlow = isSlow;
    device.broken.add(operation);
    await initiator.command(command);
    assert.equal(await initiator.receive(), null);
    const good = { cdb: [0x28, 0, 0, 0, 0, 64, 0, 0, 1, 0], read: true, length: BLOCK };
    assert.equal((await victim.run(good)).status, Status.GOOD);
    assert.equal(target.target.sessions.size, 1);
    const errors = target.log.filter(({ level }) => level === "error");
    assert.deepEqual(errors.map(({ message }) => message), ["internal error"]);
    device.broken.clear();
    await target.logIn(); // the nexus is free again
    await target.close();
    assert.equal(target.unit.tasks.count, 0);
    assert.equal(target.server.lentBuffers, 0);
  });
}

Deno.test("a bug met by a command that waited falls on its connection, not on the one it waited for", async () => {
  const device = new BrokenDevice();
  const target = new TestTarget({ device });
  const one = await target.logIn({ MaxConnections: "2" });
  const two = target.connect().initiator;
  const [session] = target.target.sessions;
  const names = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
  await two.login(names, { tsih: session!.tsih, cid: 1 });
  device.hold("flush");
  const flush = await one.command(FLUSH);
  await device.waiting(1);
  device.broken.add("writeNow");
  const cmdSN = one.cmdSN;
  await two.command({ ...WRITE, attribute: TaskAttribute.ORDERED, cmdSN });
  one.cmdSN = (cmdSN + 1) >>> 0;
  await two.fence();
  device.releaseAll();
  assert.equal((await one.result(flush)).status, Status.GOOD);
  assert.equal(await two.receive(), null);
  assert.equal((await one.run({ cdb: new Uint8Array(6) })).status, Status.GOOD);
  await target.close();
});

Deno.test("a login whose observer fails leaves no session behind", async () => {
  const target = new TestTarget();
  target.node.onLogin = () => {
    throw new TypeError("a bug in the observer");
  };
  const { initiator, ended } = target.connect();
  await initiator.login({ InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME });
  await ended;
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assert.equal(target.target.sessions.size, 0);
  assert.equal(target.node.sessions.size, 0);
  await target.close();
});
