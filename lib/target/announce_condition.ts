/** Tells every initiator that reaches a logical unit what has become of it. */
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import type { Sense } from "../scsi/sense.ts";
import { scsiEvent } from "./announcement.ts";
import type { Target } from "./target.ts";

/** By a unit attention, and at once by an event. */
export function announceCondition(
  targets: Iterable<Target>,
  unit: LogicalUnit,
  condition: Sense,
): void {
  for (const { luns, openSessions } of targets) {
    for (const [lun, mapping] of luns.entries()) {
      if (mapping.unit !== unit) continue;
      for (const session of openSessions) {
        unit.attentions.establish(session.nexus, condition);
        session.announce(scsiEvent(lun, condition, unit.mode.descriptorSense));
      }
    }
  }
}
