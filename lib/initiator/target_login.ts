/**
 * A login to a target: through one portal, or through several at once, each with a session of its
 * own that is kept, and all of them paths to the same logical units.
 */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import { type KeepOptions, KeptSession } from "./kept_session.ts";
import { logInAs } from "./multipath/log_in_as.ts";
import { MultipathUnit, type MultipathUnitOptions } from "./multipath/multipath_unit.ts";
import type { MultipathSettings } from "./multipath/settings.ts";
import { Succession } from "./multipath/succession.ts";
import type { InitiatorNode } from "./node.ts";

/** From an address of ours to a portal. */
export interface PathPlan {
  readonly portal: PortalAddress;
  /** Undefined: the machine chooses. */
  readonly sourceAddress?: string | undefined;
  /**
   * Names this end of the nexus; the same one after a restart ends what was left of the session.
   */
  readonly isid?: Uint8Array | undefined;
  /** The target portal group of a session under this ISID that nobody has logged out of. */
  readonly leftIn?: number | undefined;
}

export interface TargetLoginOptions extends Omit<KeepOptions, "portal" | "sourceAddress" | "isid"> {
  readonly paths: readonly PathPlan[];
  readonly settings: MultipathSettings;
}

/** How long a session that cannot be had is tried for; for ever without. */
export type Patience = Pick<KeepOptions, "patienceMs" | "firstPatienceMs">;

/** One of its sessions. */
export interface TargetPath {
  /** As people call it: `192.0.2.101 → 192.0.2.1:3260`. */
  readonly name: string;
  readonly kept: KeptSession;
  readonly succession: Succession;
}

export class TargetLogin {
  readonly node: InitiatorNode;
  readonly targetName: string;
  readonly #options: TargetLoginOptions;
  readonly #paths: TargetPath[] = [];

  constructor(node: InitiatorNode, options: TargetLoginOptions) {
    this.node = node;
    this.targetName = options.targetName;
    this.#options = options;
    for (const plan of options.paths) this.add(plan);
  }

  /** The preferred one first. */
  get paths(): readonly TargetPath[] {
    return this.#paths;
  }

  /** One more session; it is to be started. */
  add(plan: PathPlan, patience: Patience = {}): TargetPath {
    const { settings, paths: _, ...options } = this.#options;
    const { leftIn, ...leg } = plan;
    const kept = new KeptSession(this.node, {
      patienceMs: Infinity,
      ...options,
      ...leg,
      ...patience,
    });
    const succession = new Succession({
      kept,
      clock: this.node.clock,
      nexusLossMs: settings.nexusLossMs,
      leftIn,
      logInAs: (isid) => logInAs(kept, isid),
    });
    for (const path of this.#paths) {
      path.succession.siblings.add(succession);
      succession.siblings.add(path.succession);
    }
    const path = { name: nameOf(plan), kept, succession };
    this.#paths.push(path);
    return path;
  }

  /** Logs one of them out; the others stay. */
  async remove(path: TargetPath): Promise<void> {
    const at = this.#paths.indexOf(path);
    if (at >= 0) this.#paths.splice(at, 1);
    path.succession.close();
    await path.kept.close();
  }

  /** A logical unit of the target, through all of its sessions. */
  unit(lun: number, options: UnitOptions): MultipathUnit {
    const { clock, logger } = this.node;
    const { settings } = this.#options;
    const unit = new MultipathUnit({ ...options, settings, clock, logger });
    for (const path of this.#paths) addPath(unit, path, lun, options.identity);
    return unit;
  }

  /** Logs out everywhere. */
  async close(): Promise<void> {
    await Promise.all([...this.#paths].map((path) => this.remove(path)));
  }
}

export type UnitOptions = Omit<MultipathUnitOptions, "settings" | "clock" | "logger">;

/** The unit can be reached through this session too. */
export function addPath(
  unit: MultipathUnit,
  { name, kept, succession }: TargetPath,
  lun: number,
  identity: string | undefined,
): void {
  const way = kept.unit(lun, {
    replays: false,
    patienceMs: Infinity,
    ...(identity === undefined ? {} : { identity }),
  });
  unit.add({ name, way, succession });
}

function nameOf({ portal: { host, port }, sourceAddress }: PathPlan): string {
  const portal = hostAndPort(host, port);
  return sourceAddress === undefined ? portal : `${sourceAddress} → ${portal}`;
}
