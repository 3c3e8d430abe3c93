/** Changes a target's name, iSCSI name or description. */
import type { Force, TargetChanges } from "../control.ts";
import { ControlError } from "../control_error.ts";
import { checkIscsiName } from "../iscsi_name.ts";
import { checkName } from "../names.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { checkIqnIsFree, checkTargetNameIsFree } from "./create_target.ts";
import { checkDescription } from "../description.ts";
import { findTarget, replaceTarget } from "./find.ts";
import { type Outcome, sessionCount, type Usage } from "./outcome.ts";

export function setTarget(
  state: DeclaredState,
  name: string,
  changes: TargetChanges & Force,
  usage: Usage,
): Outcome {
  const target = findTarget(state, name);
  const changed = { ...target };
  const notices: string[] = [];
  if (changes.description !== undefined) {
    changed.description = checkDescription(changes.description);
  }
  if (changes.iqn !== undefined) changed.iqn = checkIscsiName(changes.iqn);
  if (changed.iqn !== target.iqn) {
    checkIqnIsFree(state, changed.iqn);
    notices.push(...iqnNotices(name, changed.iqn, usage.sessionsOf(name), changes.force));
  }
  if (changes.name !== undefined && changes.name !== name) {
    changed.name = changes.name;
    checkName("target", changed.name);
    checkTargetNameIsFree(state, changed.name);
    if (changed.iqn === target.iqn) notices.push(`its iSCSI name stays ${target.iqn}`);
  }
  const next = replaceTarget(state, target, changed);
  const disks = next.disks.map((disk) => renameTarget(disk, name, changed.name));
  return { state: { ...next, disks }, notices };
}

/** What a new iSCSI name means to those who use the old one; refused where that is not forced. */
function iqnNotices(name: string, iqn: string, sessions: number, force?: boolean): string[] {
  if (sessions === 0) return [`initiators find the target as ${iqn} from now on`];
  if (force) {
    return [`${sessionCount(sessions)} ended; initiators must log in again, as ${iqn}`];
  }
  throw new ControlError(
    "in-use",
    `target ${name} has ${sessionCount(sessions)} open, which a new iSCSI name ends`,
    "log the initiators out first, or add --force: they must log in again under the new name",
  );
}

function renameTarget(disk: DeclaredDisk, from: string, to: string): DeclaredDisk {
  if (from === to || disk.assignments.every(({ target }) => target !== from)) return disk;
  const assignments = disk.assignments.map((each) =>
    each.target === from ? { ...each, target: to } : each
  );
  return { ...disk, assignments };
}
