/** A file in memory that fails, waits and takes time as a test says. */
import type { DeviceError } from "../../../lib/block/device.ts";
import type { FileRun } from "../../../lib/block/file_space.ts";
import type { PositionalFile } from "../../../lib/block/positional_file.ts";
import type { Clock } from "../../../lib/runtime/clock.ts";

export class FakeFile implements PositionalFile {
  readonly path = "fake.img";
  writable = true;
  cached = false;
  punches = false;
  closed = false;
  /** What each call at once takes, on `clock`. */
  tookMs = 0;
  failure: DeviceError | undefined;
  /** Each sync waits for its turn here when set. */
  gate: Promise<void> | undefined;
  /** Each asynchronous write waits for it when set. */
  writeGate: Promise<void> | undefined;
  punchFails = false;
  freeSpace = Infinity;
  /** Calls, in order. */
  readonly calls: string[] = [];
  octets: Uint8Array<ArrayBuffer>;
  #nowMs = 0;

  readonly clock: Clock = {
    nowMs: () => this.#nowMs,
    now: () => new Date(0),
    after: () => () => {},
  };

  constructor(length: number) {
    this.octets = new Uint8Array(length);
  }

  get length(): number {
    return this.octets.length;
  }

  readCached(position: number, into: Uint8Array, at: number, length: number): boolean {
    this.calls.push("readCached");
    into.set(this.octets.subarray(position, position + length), at);
    return this.cached;
  }

  readSync(position: number, into: Uint8Array, at: number, length: number): void {
    this.#call("readSync");
    into.set(this.octets.subarray(position, position + length), at);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#call("read");
    into.set(this.octets.subarray(position, position + length), at);
  }

  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    this.#call("writeSync");
    this.octets.set(from.subarray(at, at + length), position);
  }

  async write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#call("write");
    await this.writeGate;
    this.octets.set(from.subarray(at, at + length), position);
  }

  async sync(): Promise<void> {
    this.calls.push("sync");
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async resize(length: number): Promise<void> {
    this.#call("resize");
    const octets = new Uint8Array(length);
    octets.set(this.octets.subarray(0, length));
    this.octets = octets;
  }

  /** Never: as where the C library cannot be called. */
  reserve(): Promise<boolean> {
    return Promise.resolve(false);
  }

  // deno-lint-ignore require-await -- the interface's form
  async punch(position: number, length: number): Promise<boolean> {
    this.calls.push("punch");
    if (this.punchFails) return false;
    this.octets.fill(0, position, position + length);
    return true;
  }

  run(): FileRun {
    return { mapped: true, end: this.length };
  }

  close(): void {
    this.closed = true;
  }

  #call(name: string): void {
    this.calls.push(name);
    this.#nowMs += this.tookMs;
    if (this.failure !== undefined) throw this.failure;
  }
}
