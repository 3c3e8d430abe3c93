/** Creates a target. */
import type { NewTarget } from "../control.ts";
import { ControlError } from "../control_error.ts";
import { checkInitiatorIds } from "../initiator_id.ts";
import { checkIscsiName, defaultIqn } from "../iscsi_name.ts";
import { checkName } from "../names.ts";
import type { DeclaredState } from "../schema.ts";
import { checkDescription } from "../description.ts";
import type { Outcome } from "./outcome.ts";
import { checkRoom } from "./set_limits.ts";

export function createTarget(state: DeclaredState, asked: NewTarget): Outcome {
  const { name } = asked;
  checkName("target", name);
  checkTargetNameIsFree(state, name);
  const iqn = checkIscsiName(asked.iqn ?? defaultIqn(state.iqnBase, name));
  checkIqnIsFree(state, iqn);
  checkRoom(state, "targets");
  const allow = checkInitiatorIds(asked.allow ?? []);
  const target = { name, iqn, description: checkDescription(asked.description ?? ""), allow };
  const notices = allow.length > 0
    ? []
    : [`no initiator may log in yet: sanctl target allow ${name} ID`];
  return { state: { ...state, targets: [...state.targets, target] }, notices };
}

export function checkTargetNameIsFree(state: DeclaredState, name: string): void {
  if (state.targets.every((target) => target.name !== name)) return;
  throw new ControlError(
    "in-use",
    `there is a target ${name} already`,
    `choose another name, or see sanctl target show ${name}`,
  );
}

export function checkIqnIsFree(state: DeclaredState, iqn: string): void {
  const holder = state.targets.find((target) => target.iqn === iqn);
  if (holder === undefined) return;
  throw new ControlError(
    "in-use",
    `the iSCSI name ${iqn} is that of target ${holder.name} already`,
    "give another with --iqn",
  );
}
