/** Tells initiators that the LUNs of a target are others now. SPC-4 6.33. */
import { REPORTED_LUNS_DATA_HAS_CHANGED } from "../scsi/sense.ts";
import { scsiEvent } from "./announcement.ts";
import type { Target } from "./target.ts";

/** By a unit attention on every unit, the first of which settles all, and at once by an event. */
export function announceLuns({ luns, openSessions }: Target): void {
  const mappings = [...luns.entries()];
  const [lun, about] = mappings[0] ?? [0, undefined];
  const descriptor = about?.unit.mode.descriptorSense ?? false;
  for (const session of openSessions) {
    const { nexus } = session;
    if (!luns.isNews(nexus)) continue;
    for (const [, { unit }] of mappings) {
      unit.attentions.establish(nexus, REPORTED_LUNS_DATA_HAS_CHANGED);
    }
    session.announce(scsiEvent(lun, REPORTED_LUNS_DATA_HAS_CHANGED, descriptor));
  }
}
