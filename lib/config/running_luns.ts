/** Which disks stand behind the LUNs of running targets: taken away, offered, changed. */
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { MODE_PARAMETERS_CHANGED, NOT_READY_TO_READY_CHANGE } from "../scsi/sense.ts";
import { announceCondition } from "../target/announce_condition.ts";
import { announceLuns } from "../target/announce_luns.ts";
import type { Mapping } from "../target/lun_map.ts";
import type { TargetNode } from "../target/node.ts";
import type { Target } from "../target/target.ts";
import { withdrawLun } from "../target/withdraw_lun.ts";

/** By LUN. */
export type WantedLuns = ReadonlyMap<number, Mapping>;

export class RunningLuns {
  readonly #node: TargetNode;
  /** What each target is to have. */
  readonly #wanted = new WeakMap<Target, WantedLuns>();
  /** Units that commands of others may still be using, with how many such waits there are. */
  readonly #held = new Map<LogicalUnit, number>();

  constructor(node: TargetNode) {
    this.#node = node;
  }

  /** Takes away what is not wanted; each promise resolves when one LUN's commands have ended. */
  withdraw(target: Target, wanted: WantedLuns): Promise<void>[] {
    this.#wanted.set(target, wanted);
    const gone = [...target.luns.entries()]
      .filter(([lun, { unit }]) => wanted.get(lun)?.unit !== unit);
    const ends = gone.map(([lun, { unit }]) => {
      const end = withdrawLun(this.#node, target, lun);
      this.hold(unit, end);
      return end;
    });
    if (gone.length > 0) announceLuns(target);
    return ends;
  }

  /** Offers what is wanted and not there yet, as far as nobody else's commands are left in it. */
  offer(target: Target, wanted: WantedLuns): void {
    this.#wanted.set(target, wanted);
    const added: [number, Mapping][] = [];
    for (const [lun, mapping] of wanted) {
      const present = target.luns.get(lun);
      if (present !== undefined) this.#change(target, lun, present, mapping);
      else if (!this.#held.has(mapping.unit)) added.push([lun, mapping]);
    }
    if (added.length === 0) return;
    announceLuns(target); // on the units that are known: a new one has its own first word
    for (const [lun, mapping] of added) {
      target.luns.set(lun, mapping);
      for (const { nexus } of target.openSessions) mapping.unit.attach(nexus);
    }
  }

  /** Keeps the unit from everybody new until then. */
  hold(unit: LogicalUnit, until: Promise<unknown>): void {
    this.#held.set(unit, (this.#held.get(unit) ?? 0) + 1);
    until.then(() => this.#release(unit));
  }

  /** Puts a unit where another stood in for it. */
  replace(target: Target, standIn: LogicalUnit, unit: LogicalUnit): void {
    const present = [...target.luns.entries()].filter(([, mapping]) => mapping.unit === standIn);
    for (const [lun, mapping] of present) {
      target.luns.set(lun, { ...mapping, unit });
      for (const { nexus } of target.openSessions) {
        standIn.detach(nexus);
        unit.attach(nexus);
        unit.attentions.establish(nexus, NOT_READY_TO_READY_CHANGE);
      }
    }
    const wanted = [...this.#wanted.get(target) ?? []];
    const replaced = wanted.map((
      [lun, mapping],
    ): [number, Mapping] => [lun, mapping.unit === standIn ? { ...mapping, unit } : mapping]);
    this.#wanted.set(target, new Map(replaced));
  }

  #release(unit: LogicalUnit): void {
    const others = this.#held.get(unit)! - 1;
    if (others > 0) return void this.#held.set(unit, others);
    this.#held.delete(unit);
    for (const target of this.#node.targets.values()) {
      const wanted = this.#wanted.get(target);
      if (wanted !== undefined) this.offer(target, wanted);
    }
  }

  /** Whether it can be written is told with the mode parameters. SBC-3 6.4. */
  #change(target: Target, lun: number, present: Mapping, wanted: Mapping): void {
    if (present.readOnly === wanted.readOnly) return;
    target.luns.set(lun, wanted);
    announceCondition([target], wanted.unit, MODE_PARAMETERS_CHANGED);
  }
}
