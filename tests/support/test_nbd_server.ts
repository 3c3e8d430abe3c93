/** An NBD server in memory, with everything that its surroundings would give it in the test's hand. */
import type { BlockDevice } from "../../lib/block/device.ts";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { Export, type ExportOptions } from "../../lib/nbd/server/export.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/nbd/server/limits.ts";
import { NbdServer } from "../../lib/nbd/server/server.ts";
import type { Facts, Logger } from "../../lib/runtime/logger.ts";
import { bytePipe, type PipeEnd } from "./byte_pipe.ts";
import { RawNbdClient } from "./raw_nbd_client.ts";
import { TestClock } from "./test_clock.ts";

export interface TestNbdServerOptions {
  readonly limits?: Partial<Limits>;
  readonly device?: BlockDevice;
  readonly size?: number;
  /** Of the one export, whose name is `disk`. */
  readonly export?: Partial<ExportOptions>;
}

export class TestNbdServer {
  readonly clock = new TestClock();
  readonly log: {
    readonly level: keyof Logger;
    readonly message: string;
    readonly facts: Facts;
  }[] = [];
  readonly server: NbdServer;
  readonly disk: Export;
  readonly #ended: Promise<void>[] = [];

  constructor(options: TestNbdServerOptions = {}) {
    const line = (level: keyof Logger) => (message: string, facts: Facts = {}) => {
      this.log.push({ level, message, facts });
    };
    this.server = new NbdServer({
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      clock: this.clock,
      logger: {
        debug: line("debug"),
        info: line("info"),
        warn: line("warn"),
        error: line("error"),
      },
    });
    const device = options.device ?? new MemoryDevice(options.size ?? 1 << 20);
    this.disk = new Export({ name: "disk", device, ...options.export });
    this.server.exports.add(this.disk);
  }

  /** Messages of one level, with their reasons. */
  lines(level: keyof Logger): string[] {
    return this.log.filter((it) => it.level === level)
      .map(({ message, facts }) => `${message}: ${facts.reason}`);
  }

  /** A connection's other end. */
  connect(peer = "a"): PipeEnd {
    const [near, far] = bytePipe();
    this.#ended.push(this.server.run(near, peer));
    return far;
  }

  client(peer?: string): RawNbdClient {
    return new RawNbdClient(this.connect(peer));
  }

  /** A client that has entered the disk. */
  async entered(options?: { readonly simple?: boolean }): Promise<RawNbdClient> {
    const client = this.client();
    await client.enter("disk", options);
    return client;
  }

  /** Resolves when every connection has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#ended);
  }
}
