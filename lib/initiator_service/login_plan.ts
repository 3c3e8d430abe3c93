/** Where a login goes: as it was asked for, else to the portals that are known of the target. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { ControlError } from "../config/control_error.ts";
import type { KnownTargetFacts, NewLogin, NewPath } from "./control.ts";
import { checkPortal, checkSourceAddress, isSamePortal, portalText } from "./host.ts";

export interface LoginPlan {
  readonly target: string;
  /** Each gets a session. */
  readonly paths: readonly NewPath[];
  /** The first of the paths that answers will do. */
  readonly isChoice: boolean;
}

/** Refuses what cannot be done; `known` are the targets that are known. */
export function planLogin(login: NewLogin, known: readonly KnownTargetFacts[]): LoginPlan {
  const target = checkIscsiName(login.target);
  const { multipath = false } = login;
  const given = (login.paths ?? []).map(({ portal, sourceAddress }) => ({
    portal: checkPortal(portal),
    sourceAddress: sourceAddress === undefined ? undefined : checkSourceAddress(sourceAddress),
  }));
  checkDistinct(given);
  if (given.length > 1 && !multipath) {
    throw new ControlError(
      "usage",
      "several portals make several paths to the same disks, which must be put together",
      "add --multipath, or give one portal",
    );
  }
  if (given.length > 0) return { target, paths: given, isChoice: false };
  const portals = known.find(({ iqn }) => iqn === target)?.portals ?? [];
  if (portals.length === 0) {
    throw new ControlError(
      "not-found",
      `no portal of target ${target} is known`,
      "give one with --portal ADDR:PORT, or ask one: sanctl initiator portal add ADDR",
    );
  }
  const paths = portals.map(({ address, port }) => ({ portal: { address, port } }));
  return { target, paths, isChoice: !multipath };
}

function checkDistinct(paths: readonly NewPath[]): void {
  for (const [i, path] of paths.entries()) {
    if (!paths.slice(0, i).some((each) => isSamePath(each, path))) continue;
    throw new ControlError(
      "usage",
      `portal ${portalText(path.portal)} is given twice`,
      "give each path once",
    );
  }
}

export function isSamePath(a: NewPath, b: NewPath): boolean {
  return isSamePortal(a.portal, b.portal) && a.sourceAddress === b.sourceAddress;
}
