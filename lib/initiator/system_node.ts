/** An initiator node on this machine: its clock, its network. */
import { iqnBaseOf } from "../iscsi/default_name.ts";
import { wakefulClock } from "../runtime/clock.ts";
import { type Logger, silentLogger } from "../runtime/logger.ts";
import { systemRandom } from "../runtime/random.ts";
import { dial } from "./dial.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { InitiatorNode } from "./node.ts";

export interface SystemNodeOptions {
  /** Made of the host's name without. */
  readonly name?: string | undefined;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
}

export function systemNode(options: SystemNodeOptions = {}): InitiatorNode {
  return new InitiatorNode({
    name: options.name ?? iqnBaseOf(Deno.hostname()),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    clock: wakefulClock,
    random: systemRandom,
    logger: options.logger ?? silentLogger,
    dial,
  });
}
