/** A running service in memory but for its state directory, with initiators that reach it. */
import type { Control } from "../../../lib/config/control.ts";
import { Service } from "../../../lib/config/service.ts";
import type { Facts, Logger } from "../../../lib/runtime/logger.ts";
import { systemRandom } from "../../../lib/runtime/random.ts";
import { DEFAULT_LIMITS } from "../../../lib/target/limits.ts";
import { TargetNode } from "../../../lib/target/node.ts";
import { TargetServer } from "../../../lib/target/server.ts";
import { bytePipe } from "../../support/byte_pipe.ts";
import { TestClock } from "../../support/test_clock.ts";
import { TestInitiator } from "../../support/test_initiator.ts";
import { MemoryDiskFiles } from "./memory_disk_files.ts";

export const ADA = "iqn.2026-01.com.example:ada";

/** RFC 7143 11.13.5: the status of a login that found no target for it. */
export const TARGET_NOT_FOUND = 0x0203;

export class TestService {
  readonly files: MemoryDiskFiles;
  readonly service: Service;
  readonly node: TargetNode;
  readonly server: TargetServer;
  readonly errors: string[];
  /** Stands still until the test moves it. */
  readonly clock: TestClock;
  #port = 50_000;

  private constructor(
    service: Service,
    node: TargetNode,
    clock: TestClock,
    { files, errors }: { files: MemoryDiskFiles; errors: string[] },
  ) {
    this.service = service;
    this.node = node;
    this.clock = clock;
    this.server = new TargetServer(node);
    this.files = files;
    this.errors = errors;
  }

  static async start(directory: string, files = new MemoryDiskFiles()): Promise<TestService> {
    const errors: string[] = [];
    const error = (message: string, facts: Facts = {}): void => {
      errors.push(`${message}: ${Object.values(facts).join(" ")}`);
    };
    const logger: Logger = { debug() {}, info() {}, warn() {}, error };
    const clock = new TestClock();
    const node = new TargetNode({ limits: DEFAULT_LIMITS, clock, random: systemRandom, logger });
    const service = await Service.start({ directory, node, files });
    return new TestService(service, node, clock, { files, errors });
  }

  get control(): Control {
    return this.service.control;
  }

  /** Logs in to the target of that name; `isid` tells sessions of one initiator apart. */
  async logIn(target: string, { name = ADA, isid = 1 } = {}): Promise<TestInitiator> {
    const { status, initiator } = await this.tryLogIn(target, { name, isid });
    if (status !== 0) throw new Error(`login status 0x${status.toString(16)}`);
    return initiator;
  }

  async tryLogIn(target: string, { name = ADA, isid = 1, iqn = "", from = "192.0.2.101" } = {}) {
    const initiator = this.#connect(from);
    const TargetName = iqn || (await this.control.showTarget(target)).iqn;
    const { status } = await initiator.login(
      { InitiatorName: name, InitiatorAlias: "ada's host", TargetName },
      { isid: Uint8Array.of(0x80, 0, 0, 0, 0, isid) },
    );
    return { status, initiator };
  }

  /** Logs in to ask which targets there are. */
  async discover({ name = ADA, from = "192.0.2.101" } = {}): Promise<TestInitiator> {
    const initiator = this.#connect(from);
    const keys = { InitiatorName: name, SessionType: "Discovery" };
    const { status } = await initiator.login(keys);
    if (status !== 0) throw new Error(`login status 0x${status.toString(16)}`);
    return initiator;
  }

  #connect(from: string): TestInitiator {
    const [ours, theirs] = bytePipe();
    this.server.run(theirs, {
      localAddress: "::ffff:192.0.2.1",
      localPort: 3260,
      remoteAddress: `::ffff:${from}`,
      remotePort: this.#port++,
      portalGroupTag: 1,
    });
    return new TestInitiator(ours);
  }

  async stop(): Promise<void> {
    await this.server.close({ drainMs: 0 });
    await this.service.stop();
  }
}

/** Runs the test with a service in a directory of its own. */
export async function withService(
  test: (service: TestService, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const service = await TestService.start(directory);
  try {
    await test(service, directory);
  } finally {
    await service.stop();
    await Deno.remove(directory, { recursive: true });
  }
}
