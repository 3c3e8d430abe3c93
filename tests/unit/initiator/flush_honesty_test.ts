/** A141: what a flush may claim when the target was restarted between the writes and the flush. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { RemoteDisk } from "../../../lib/initiator/remote_disk.ts";
import { InitiatorWorld } from "../../support/initiator_world.ts";
import { TestTarget } from "../../support/test_target.ts";
import { VolatileDevice } from "../../support/volatile_device.ts";

const SIZE = 1 << 20;

class RestartingWorld {
  readonly device = new VolatileDevice(SIZE);
  /** Where reads began. */
  readonly reads: number[] = [];
  readonly world = new InitiatorWorld({ target: { device: this.device } });
  disk!: RemoteDisk;

  static async begin(): Promise<RestartingWorld> {
    const made = new RestartingWorld();
    const { device, reads } = made;
    const readNow = device.readNow.bind(device);
    device.readNow = (offset, into, at, length) => {
      reads.push(offset);
      return readNow(offset, into, at, length);
    };
    made.disk = await made.world.openDisk();
    return made;
  }

  /** The target ends at once and another comes up on the same medium. */
  restart({ losesCache }: { readonly losesCache: boolean }): void {
    const before = this.world.target;
    if (losesCache) this.device.losePower();
    this.world.target = new TestTarget({ device: this.device });
    this.world.cut();
    before.close();
  }

  async write(offset: number, length: number, value: number): Promise<void> {
    await this.disk.write(offset, new Uint8Array(length).fill(value), 0, length);
  }

  async octetAt(offset: number): Promise<number> {
    const octets = new Uint8Array(512);
    await this.disk.read(Math.floor(offset / 512) * 512, octets, 0, 512);
    return octets[offset % 512]!;
  }

  async end(): Promise<void> {
    await this.disk.close().catch(() => undefined);
    await this.world.close();
  }
}

function fenced(error: DeviceError): boolean {
  assert.equal(error.kind, "fenced", error.message);
  assert.match(error.message, /target was restarted/);
  return true;
}

function fencedBy(text: RegExp) {
  return (error: DeviceError): boolean => error.kind === "fenced" && text.test(error.message);
}

Deno.test("A141: a flush after a restart that lost nothing succeeds", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, 65_536, 1);
  await it.write(200 * 512, 512, 2);
  await it.write(4096, 4096, 3);
  await it.disk.unmap(8192, 4096);
  it.restart({ losesCache: false });
  await it.disk.flush();
  assert.equal(it.device.flushes, 1);
  assert.equal(await it.octetAt(5000), 3);
  await it.end();
});

Deno.test("A141: a flush after a restart that lost acknowledged writes fails, and so does all else", async () => {
  for (const write of [[0, 65_536], [512, 512], [4096, 4096], [1000, 3000]] as const) {
    const it = await RestartingWorld.begin();
    await it.write(0, SIZE, 1);
    await it.disk.flush();
    await it.write(write[0], write[1], 9);
    it.restart({ losesCache: true });
    await assert.rejects(it.disk.flush(), fenced);
    // What is read now is older than what was acknowledged: better not at all.
    await assert.rejects(it.octetAt(0), fenced);
    await assert.rejects(it.write(0, 512, 1), fenced);
    await assert.rejects(it.disk.flush(), fenced);
    await it.end();
  }
});

Deno.test("A141: what was flushed is owed no more: a restart after it loses nothing", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, 65_536, 1);
  await it.disk.flush();
  it.restart({ losesCache: true });
  assert.equal(await it.octetAt(0), 1);
  await it.write(0, 512, 2);
  await it.disk.flush();
  await it.end();
});

Deno.test("A141: lost writes that were written over since are no loss", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, 8192, 1);
  // Under way when the connection goes: it is carried out again.
  const over = it.write(0, 8192, 2);
  await Promise.resolve();
  it.restart({ losesCache: true });
  await over;
  await it.disk.flush();
  assert.equal(await it.octetAt(4096), 2);
  await it.end();
});

Deno.test("A141: before part of a piece is written over it is flushed, so that all can be vouched for", async () => {
  for (const losesCache of [false, true]) {
    const it = await RestartingWorld.begin();
    await it.write(0, 4096, 1);
    await it.write(512, 512, 2);
    assert.equal(it.device.flushes, 1);
    // From now on single blocks are remembered, also of what is written as a whole.
    await it.write(0, 8192, 3);
    await it.write(1024, 512, 4);
    assert.equal(it.device.flushes, 1);
    it.restart({ losesCache });
    if (losesCache) await assert.rejects(it.disk.flush(), fenced);
    else await it.disk.flush();
    await it.end();
  }
});

Deno.test("A99: a target that only lost the nexus has its cache: nothing is read back", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, 65_536, 1);
  for (let i = 0; i < 3; i++) {
    it.world.cut();
    await it.write(65_536 + i * 4096, 4096, 2);
  }
  await it.disk.flush();
  assert.equal(it.world.kept.sessionCount, 4);
  assert.deepEqual(it.reads, []);
  await it.end();
});

Deno.test("A141: a restart that was told where nobody heard it is not overlooked", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, SIZE, 1);
  await it.disk.flush();
  await it.write(0, 4096, 9);
  it.restart({ losesCache: true });
  // The new target tells of its power on, and the answer is lost with the session.
  const { unit } = it.world.target;
  const { take } = unit.attentions;
  const told = Promise.withResolvers<void>();
  unit.attentions.take = (nexus) => {
    unit.attentions.take = take;
    it.world.cut();
    told.resolve();
    return unit.attentions.take(nexus);
  };
  await told.promise;
  await assert.rejects(it.disk.flush(), fenced);
  await it.end();
});

Deno.test("A141: a target that says nothing of what has been is not taken for one that was there", async () => {
  for (const losesCache of [false, true]) {
    const it = await RestartingWorld.begin();
    await it.write(0, SIZE, 1);
    await it.disk.flush();
    await it.write(0, 4096, 9);
    it.restart({ losesCache });
    it.world.target.unit.attentions.attach = () => undefined;
    if (losesCache) await assert.rejects(it.disk.flush(), fenced);
    else await it.disk.flush();
    await it.end();
  }
});

Deno.test("A141: a unit that was fenced does not vouch for its cache", async () => {
  const it = await RestartingWorld.begin();
  await it.write(0, 4096, 1);
  it.world.target.unit.fence("no");
  it.world.cut();
  it.reads.length = 0;
  await assert.rejects(it.disk.flush(), /cannot flush/);
  assert.notDeepEqual(it.reads, []);
  await it.end();
});

Deno.test("A124: a flush that fails at the target fences the disk, and is told of once", async () => {
  const it = await RestartingWorld.begin();
  const told: string[] = [];
  const onFlushFailed = (reason: string) => void told.push(reason);
  it.disk = await RemoteDisk.open(it.world.kept.unit(0), { onFlushFailed });
  await it.write(0, 4096, 1);
  assert.equal(it.disk.trouble, undefined);
  it.device.flush = () => Promise.reject(new DeviceError("medium", "no"));
  await assert.rejects(it.disk.flush(), /cannot flush/);
  await assert.rejects(it.write(0, 512, 2), (error: DeviceError) => error.kind === "fenced");
  await assert.rejects(it.disk.flush(), fencedBy(/cannot flush/));
  assert.equal(told.length, 1);
  assert.match(told[0]!, /cannot flush LUN 0 .*MEDIUM ERROR/);
  assert.match(it.disk.trouble!, /cannot flush LUN 0 .*; open it anew to go on/);
  await it.end();
});

Deno.test("A flush that fails for want of a path is told of, and fences nothing", async () => {
  const it = await RestartingWorld.begin();
  const told: string[] = [];
  const onFlushFailed = (reason: string) => void told.push(reason);
  const unit = it.world.kept.unit(0, { patienceMs: 1000 });
  it.disk = await RemoteDisk.open(unit, { onFlushFailed });
  await it.write(0, 4096, 1);
  unit.offline(new Error("it is gone"));
  await assert.rejects(it.disk.flush(), /it is gone/);
  assert.equal(told.length, 1);
  assert.equal(it.disk.trouble, undefined);
  await it.end();
});
