/** A server in memory and a client of it, with the connections between them in the test's hand. */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../lib/block/device.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/nbd/client/limits.ts";
import { NbdDevice } from "../../lib/nbd/client/nbd_device.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import type { PipeEnd } from "./byte_pipe.ts";
import { Chance } from "./chance.ts";
import { TestNbdServer, type TestNbdServerOptions } from "./test_nbd_server.ts";

const ADDRESS = { transport: "unix", path: "/test", exportName: "disk" } as const;

export class TestNbdLink {
  readonly log: string[] = [];
  readonly server: TestNbdServer;
  readonly #streams = new Set<PipeEnd>();
  /** Nobody is there: connections are refused. */
  isDown = false;
  dials = 0;
  /** What the client does with a connection before it is its own. */
  onDial: ((stream: PipeEnd) => ByteStream) | undefined;

  constructor(options: TestNbdServerOptions = {}) {
    this.server = new TestNbdServer(options);
  }

  get clock(): TestNbdServer["clock"] {
    return this.server.clock;
  }

  async open(
    limits: Partial<Limits> = {},
    options: { readonly readOnly?: boolean; readonly seed?: number } = {},
  ): Promise<BlockDevice> {
    const line = (message: string, facts: Record<string, unknown> = {}) => {
      this.log.push(`${message}: ${facts["reason"] ?? ""}`);
    };
    return await NbdDevice.open(ADDRESS, {
      limits: { ...DEFAULT_LIMITS, ...limits },
      dial: () => this.#dial(),
      clock: this.clock,
      random: new Chance(options.seed ?? 1),
      readOnly: options.readOnly ?? false,
      logger: { debug: line, info: line, warn: line, error: line },
    });
  }

  #dial(): Promise<ByteStream> {
    this.dials++;
    if (this.isDown) return Promise.reject(new Error("nobody is there"));
    const stream = this.server.connect();
    this.#streams.add(stream);
    return Promise.resolve(this.onDial?.(stream) ?? stream);
  }

  get connections(): number {
    return this.server.server.connectionCount;
  }

  /** Every connection breaks. */
  cut(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((turn) => setImmediate(turn));
  }

  /** Lets time pass, in steps, with what happens meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      this.clock.advance(Math.min(500, ms - passed));
      await this.settle();
    }
  }

  async close(device: BlockDevice): Promise<void> {
    await device.close();
    this.cut();
    await this.server.idle();
    assert.deepEqual(this.server.lines("error"), []);
  }
}
