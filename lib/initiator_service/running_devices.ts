/**
 * The logical units that sessions have found, each once, however many sessions lead there: a unit
 * is known by its own name, and not by where it is.
 */
import type { EventSink } from "../events/event_sink.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import type { MultipathSettings } from "../initiator/multipath/settings.ts";
import { MultipathUnit } from "../initiator/multipath/multipath_unit.ts";
import { DIRECT_ACCESS, type UnitFacts } from "../initiator/unit_facts.ts";
import type { Attachments } from "./attachments.ts";
import { RunningDevice } from "./running_device.ts";
import type { DeclaredDevice } from "./schema.ts";

export interface RunningDevicesOptions {
  readonly settings: MultipathSettings;
  readonly attachments: Attachments;
  readonly events: EventSink;
  /** What is declared of the device of this identity. */
  readonly declared: (identity: string) => DeclaredDevice | undefined;
}

export class RunningDevices {
  readonly #options: RunningDevicesOptions;
  readonly #byIdentity = new Map<string, RunningDevice>();

  constructor(options: RunningDevicesOptions) {
    this.#options = options;
  }

  get all(): readonly RunningDevice[] {
    return [...this.#byIdentity.values()];
  }

  get(identity: string): RunningDevice | undefined {
    return this.#byIdentity.get(identity);
  }

  /** The device that a unit is; undefined: it is no disk. */
  meet(
    node: InitiatorNode,
    facts: UnitFacts,
    target: string,
    lun: number,
  ): RunningDevice | undefined {
    if (facts.deviceType !== DIRECT_ACCESS) return undefined;
    const identity = facts.identity ?? `${target}/${lun}`;
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known;
    const declared = this.#options.declared(identity) ??
      newDevice(identity, this.#nameFor(target, lun));
    const { settings, attachments, events } = this.#options;
    const { clock, logger } = node;
    const unit = new MultipathUnit({
      ...{ name: declared.name, policy: declared.policy, identity: facts.identity },
      ...{ settings, clock, logger, events },
    });
    unit.prefer(declared.preferred);
    const device = new RunningDevice({
      ...{ name: declared.name, target, lun, unit, attachments, declared },
    });
    this.#byIdentity.set(identity, device);
    return device;
  }

  /** A short name, if no other device has it. */
  #nameFor(target: string, lun: number): string {
    const short = `${target.slice(target.lastIndexOf(":") + 1)}/${lun}`;
    return this.all.some(({ name }) => name === short) ? `${target}/${lun}` : short;
  }

  /** No session leads to it any more. */
  async drop(device: RunningDevice): Promise<void> {
    this.#byIdentity.delete(device.identity);
    await device.close();
  }
}

export function newDevice(identity: string, name: string): DeclaredDevice {
  return { identity, name, policy: "fail-over-only", bound: false };
}
