/**
 * Reads one LUN through our own initiator, as any program of ours does: a remote disk, a promise
 * for each read. Prints as JSON what came through once it was warm: what a service does all day,
 * not what V8 does in its first moments.
 *
 * usage: initiator_load.ts URL --size OCTETS --depth N --seconds S
 */
import { openDevice } from "../../lib/device_url.ts";

const WARM_UP_SECONDS = 0.5;

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
let completed = 0;
let isOver = false;

async function reader(): Promise<void> {
  const buffer = new Uint8Array(size);
  while (!isOver) {
    await device.read(Math.floor(Math.random() * slots) * size, buffer, 0, size);
    completed++;
  }
}

function pause(forSeconds: number): Promise<void> {
  return new Promise((then) => setTimeout(then, forSeconds * 1000));
}

const readers = Array.from({ length: depth }, reader);
await pause(WARM_UP_SECONDS);
const before = completed, start = performance.now();
await pause(seconds);
const operations = completed - before, elapsedMs = performance.now() - start;
isOver = true;
await Promise.all(readers);
await device.close();
console.log(JSON.stringify({ operations, elapsedMs, perSecond: operations / elapsedMs * 1000 }));
