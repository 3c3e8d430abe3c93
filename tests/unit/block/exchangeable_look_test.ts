import assert from "node:assert/strict";
import { DeviceExchanged, ExchangeableDevice } from "../../../lib/block/exchangeable.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";

const SIZE = 4096;

/** A look that goes on until it is called off. */
function endless(_device: unknown, closed: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    closed.addEventListener("abort", () => reject(closed.reason));
  });
}

Deno.test("ExchangeableDevice: a look sees the device that is there, and transfers go on", async () => {
  const inner = new MemoryDevice(SIZE);
  const device = new ExchangeableDevice(inner);
  const { promise, resolve } = Promise.withResolvers<void>();
  const looking = device.look(async (seen) => {
    await promise;
    return seen;
  });
  assert.ok(device.writeNow(0, new Uint8Array(512), 0, 512), "nobody waits for a look");
  resolve();
  assert.equal(await looking, inner);
  await device.close();
});

Deno.test("ExchangeableDevice: a look is called off before the device is closed", async () => {
  const device = new ExchangeableDevice(new MemoryDevice(SIZE));
  const looking = assert.rejects(device.look(endless), DeviceExchanged);
  await device.halt();
  await looking;
  const next = new MemoryDevice(SIZE);
  const later = device.look((seen) => Promise.resolve(seen));
  device.resume(next);
  assert.equal(await later, next, "who comes meanwhile sees the next one");
  const last = assert.rejects(device.look(endless), /the disk was closed/);
  await device.close();
  await last;
});
