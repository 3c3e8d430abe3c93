/** A target in memory, with everything that its surroundings would give it in the test's hand. */
import type { BlockDevice } from "../../lib/block/device.ts";
import { MemoryDevice } from "../../lib/block/memory.ts";
import type { Witness } from "../../lib/net/witness.ts";
import type { Facts, Logger } from "../../lib/runtime/logger.ts";
import { type Random, systemRandom } from "../../lib/runtime/random.ts";
import { LogicalUnit, type LogicalUnitOptions } from "../../lib/scsi/logical_unit.ts";
import { AccessList } from "../../lib/target/access_list.ts";
import type { Endpoint } from "../../lib/target/endpoint.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/target/limits.ts";
import { LunMap } from "../../lib/target/lun_map.ts";
import { TargetNode } from "../../lib/target/node.ts";
import { TargetServer } from "../../lib/target/server.ts";
import { Target } from "../../lib/target/target.ts";
import { bytePipe, type PipeEnd } from "./byte_pipe.ts";
import { TestClock } from "./test_clock.ts";
import { type LoginKeys, TestInitiator } from "./test_initiator.ts";

export const TARGET_NAME = "iqn.2026-01.org.example:disk";
export const INITIATOR_NAME = "iqn.2026-01.org.example:host";

export interface TestTargetOptions {
  readonly limits?: Partial<Limits>;
  /** Octets of the one disk. */
  readonly size?: number;
  readonly device?: BlockDevice;
  readonly unit?: Partial<LogicalUnitOptions>;
  readonly readOnly?: boolean;
  readonly random?: Random;
  readonly witness?: Witness;
}

/** What was logged. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly facts: Facts;
}

export class TestTarget {
  readonly clock = new TestClock();
  readonly log: LogLine[] = [];
  readonly node: TargetNode;
  readonly server: TargetServer;
  readonly target: Target;
  readonly unit: LogicalUnit;
  readonly luns = new LunMap();
  #port = 40_000;

  constructor(options: TestTargetOptions = {}) {
    this.node = new TargetNode({
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      clock: this.clock,
      random: options.random ?? systemRandom,
      logger: this.#logger(),
      ...(options.witness === undefined ? {} : { witness: options.witness }),
    });
    this.unit = new LogicalUnit({
      device: options.device ?? new MemoryDevice(options.size ?? 1 << 20),
      identity: {
        uuid: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
        vendor: "sanctl",
        product: "test disk",
        revision: "1",
      },
      ...options.unit,
    });
    this.luns.set(0, { unit: this.unit, readOnly: options.readOnly ?? false });
    this.target = new Target({
      name: TARGET_NAME,
      access: AccessList.of(["any"]),
      luns: this.luns,
    });
    this.node.addTarget(this.target);
    this.server = new TargetServer(this.node);
  }

  #logger(): Logger {
    const at = (level: keyof Logger) => (message: string, facts: Facts = {}): void => {
      this.log.push({ level, message, facts });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /**
   * A new connection: the initiator's end, and a promise that resolves when the target's is done.
   */
  connect(
    endpoint: Partial<Endpoint> = {},
  ): { initiator: TestInitiator; stream: PipeEnd; ended: Promise<void> } {
    const [ours, theirs] = bytePipe();
    const ended = this.server.run(theirs, {
      localAddress: "192.0.2.1",
      localPort: 3260,
      remoteAddress: "192.0.2.101",
      remotePort: this.#port++,
      portalGroupTag: 1,
      ...endpoint,
    });
    return { initiator: new TestInitiator(ours), stream: ours, ended };
  }

  /** A connection that is logged in, with the first unit attention out of the way. */
  async logIn(keys: LoginKeys = {}): Promise<TestInitiator> {
    const { initiator } = this.connect();
    const { status } = await initiator.login({
      InitiatorName: INITIATOR_NAME,
      TargetName: TARGET_NAME,
      ...keys,
    });
    if (status !== 0) throw new Error(`login status 0x${status.toString(16)}`);
    await initiator.run({ cdb: new Uint8Array(16) });
    return initiator;
  }

  /** Ends everything; nothing may be left. */
  async close(): Promise<void> {
    await this.server.close({ drainMs: 0 });
  }
}
