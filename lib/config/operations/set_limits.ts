/** Sets limits, and holds what is declared to them. */
import { ControlError } from "../control_error.ts";
import { LIMIT_NAMES, type LimitName, limitOf, limitRow } from "../limits.ts";
import type { DeclaredState } from "../schema.ts";
import { exactSize } from "../size.ts";
import type { Outcome } from "./outcome.ts";

/** By the names of limits; null stands for the standard value. */
export type LimitChanges = Readonly<Record<string, number | null>>;

export function setLimits(state: DeclaredState, changes: LimitChanges): Outcome {
  const limits = new Map<string, number | undefined>(Object.entries(state.limits ?? {}));
  for (const [name, value] of Object.entries(changes)) {
    const known = checkLimitName(name);
    if (value === null) limits.delete(known);
    else limits.set(known, checkLimit(known, value));
  }
  const { limits: _, ...rest } = state;
  const next = limits.size === 0 ? rest : { ...rest, limits: Object.fromEntries(limits) };
  const excess = overLimit(next);
  if (excess !== undefined) {
    throw new ControlError("in-use", excess, "set it higher, or take away what is not needed");
  }
  return { state: next, notices: [] };
}

export function checkLimitName(name: string): LimitName {
  const known = LIMIT_NAMES.find((each) => each === name);
  if (known !== undefined) return known;
  throw new ControlError(
    "usage",
    `there is no limit ${JSON.stringify(name)}`,
    "sanctl target limits lists those there are",
  );
}

export function checkLimit(name: LimitName, value: number): number {
  const { least, most } = limitRow(name);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ControlError(
    "usage",
    `the limit ${name} cannot be ${limitText(name, value)}`,
    `use ${limitText(name, least)} to ${limitText(name, most)}`,
  );
}

/** A value as people read it: `4096`, `15s`, `256M`. */
export function limitText(name: LimitName, value: number): string {
  const { unit } = limitRow(name);
  if (unit === "seconds") return `${value}s`;
  return unit === "octets" && Number.isSafeInteger(value) ? exactSize(value) : String(value);
}

/** What of the declared state is more than its limits allow, as a clause. */
export function overLimit(state: DeclaredState): string | undefined {
  for (const kind of ["targets", "disks", "portals"] as const) {
    const most = limitOf(state, kind);
    const count = state[kind]?.length ?? 0;
    if (count > most) return `there are ${count} ${kind}, and the limit is ${most}`;
  }
  return undefined;
}

/** Refuses one more. */
export function checkRoom(state: DeclaredState, kind: "targets" | "disks" | "portals"): void {
  const count = state[kind]?.length ?? 0;
  if (count < limitOf(state, kind)) return;
  throw new ControlError(
    "failed",
    `there are ${count} ${kind}, which is as many as the limit allows`,
    `take one away that is not needed, or set it higher: sanctl target limits ${kind}=NUMBER`,
  );
}

/** Refuses more portals on the command line than there may be. */
export function checkGivenPortals(state: DeclaredState, count: number): void {
  const most = limitOf(state, "portals");
  if (count <= most) return;
  throw new ControlError(
    "usage",
    `${count} portals are asked for, and the limit is ${most}`,
    "leave some out, or set it higher: sanctl target limits portals=NUMBER",
  );
}
