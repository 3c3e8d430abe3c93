/**
 * Reads one LUN through our own initiator, as any program of ours does: a remote disk, a promise
 * for each read. Prints what came through as JSON.
 *
 * usage: initiator_load.ts URL --size OCTETS --depth N --seconds S
 */
import { openDevice } from "../../lib/device_url.ts";

/** The value behind an option. */
function option(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Deno.args[at + 1]!;
}

const size = Number(option("size", "4096"));
const depth = Number(option("depth", "32"));
const seconds = Number(option("seconds", "2"));

const { device } = await openDevice(Deno.args[0]!, { readOnly: true });
const slots = Math.floor(device.size / size);
let operations = 0;
let isOver = false;

async function reader(): Promise<void> {
  const buffer = new Uint8Array(size);
  while (!isOver) {
    await device.read(Math.floor(Math.random() * slots) * size, buffer, 0, size);
    operations++;
  }
}

const start = performance.now();
setTimeout(() => isOver = true, seconds * 1000);
await Promise.all(Array.from({ length: depth }, reader));
const elapsedMs = performance.now() - start;
await device.close();
console.log(JSON.stringify({ operations, elapsedMs, perSecond: operations / elapsedMs * 1000 }));
