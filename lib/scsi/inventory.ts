/**
 * What an initiator knows of the logical units that it reaches. SPC-4 6.33: when they become others
 * each nexus is told, on whichever unit it turns to first; it need not hear it from every one.
 */
import type { LogicalUnit } from "./logical_unit.ts";
import type { Luns } from "./lun.ts";
import type { Nexus } from "./nexus.ts";
import { REPORTED_LUNS_DATA_HAS_CHANGED, type Sense } from "./sense.ts";

/** What the nexus is to be told next by the unit, which is thereby told. */
export function takeAttention(nexus: Nexus, unit: LogicalUnit, luns: Luns): Sense | undefined {
  const condition = unit.attentions.take(nexus);
  if (condition === REPORTED_LUNS_DATA_HAS_CHANGED) {
    settle(nexus, luns);
    luns.told(nexus);
  }
  return condition;
}

/** The nexus is given the list itself, and has nothing to hear of any change before. */
export function inventoryReported(nexus: Nexus, luns: Luns): void {
  settle(nexus, luns);
  luns.asked(nexus);
}

function settle(nexus: Nexus, luns: Luns): void {
  for (const [, { unit }] of luns.entries()) unit.attentions.settleReportedLuns(nexus);
}
