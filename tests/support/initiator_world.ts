/** A target of ours and an initiator of ours, in memory, with the wire between them in hand. */
import type { InitiatorNode } from "../../lib/initiator/node.ts";
import { type KeepOptions, KeptSession } from "../../lib/initiator/kept_session.ts";
import { RemoteDisk } from "../../lib/initiator/remote_disk.ts";
import type { PipeEnd } from "./byte_pipe.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT, type TestNodeOptions } from "./initiator_node.ts";
import { LeapingClock } from "./test_clock.ts";
import { TARGET_NAME, TestTarget, type TestTargetOptions } from "./test_target.ts";

export interface WorldOptions {
  readonly target?: TestTargetOptions;
  readonly node?: TestNodeOptions;
  readonly keep?: Partial<KeepOptions>;
}

export class InitiatorWorld {
  target: TestTarget;
  readonly network = new MemoryNetwork();
  readonly node: InitiatorNode;
  readonly kept: KeptSession;
  /** The initiator's ends of the connections that were made, oldest first. */
  readonly streams: PipeEnd[] = [];

  constructor({ target, node, keep }: WorldOptions = {}) {
    this.target = new TestTarget({ size: 4 << 20, ...target });
    this.network.portals.set(PORTAL_TEXT, () => {
      const { stream } = this.target.connect();
      this.streams.push(stream);
      return stream;
    });
    this.node = this.network.node({ clock: new LeapingClock(), ...node });
    this.kept = new KeptSession(this.node, { portal: PORTAL, targetName: TARGET_NAME, ...keep });
  }

  async openDisk(): Promise<RemoteDisk> {
    this.kept.start().catch(() => undefined);
    return await RemoteDisk.open(this.kept.unit(0));
  }

  /** The cable is cut: the newest connection is gone, at both ends. */
  cut(): void {
    this.streams.at(-1)!.close();
  }

  async close(): Promise<void> {
    await this.kept.close();
    await this.target.close();
  }
}
