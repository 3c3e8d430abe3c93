/** Lets programs of this machine use a disk, and takes it from them. */
import type { AttachOptions } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { Observation } from "../observation.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { findDisk, replaceDisk } from "./find.ts";
import { type Outcome, sessionCount } from "./outcome.ts";

export function attachDisk(
  state: DeclaredState,
  name: string,
  { readOnly = false, way }: AttachOptions,
  observation: Observation,
): Outcome {
  const disk = findDisk(state, name);
  if (!observation.running) throw notRunning(`attaching disk ${name}`);
  if (disk.attached !== undefined) {
    const next = `sanctl disk show ${name} tells how`;
    throw new ControlError("in-use", `disk ${name} is attached already`, next);
  }
  if (!readOnly && disk.chain?.readOnly) {
    const next = "attach it with --read-only";
    throw new ControlError("failed", `disk ${name} is a snapshot, and nobody may write it`, next);
  }
  const attached = { readOnly, ...(way === undefined ? {} : { way }) };
  const changed = { ...disk, attached };
  if (isHeld(changed)) requireIdle(disk, observation);
  return { state: replaceDisk(state, disk, changed), notices: notices(changed) };
}

export function detachDisk(state: DeclaredState, name: string, force: boolean): Outcome {
  const disk = findDisk(state, name);
  if (disk.attached === undefined) {
    const next = `sanctl disk attach ${name} does that`;
    throw new ControlError("not-found", `disk ${name} is not attached`, next);
  }
  const { attached: _, ...rest } = disk;
  return { state: replaceDisk(state, disk, rest), notices: [], force };
}

/** Whether this machine itself writes the disk, so that no initiator may use it. */
export function isHeld({ attached }: DeclaredDisk): boolean {
  return attached?.readOnly === false;
}

/** Why nobody may log in to the target; undefined: this machine writes none of its disks. */
export function whyHeld(state: DeclaredState, target: string): string | undefined {
  const held = state.disks.find((disk) =>
    isHeld(disk) && disk.assignments.some((each) => each.target === target)
  );
  if (held === undefined) return undefined;
  return `disk ${held.name} is attached on this server, which writes it; ` +
    `sanctl disk detach ${held.name} lets initiators in again`;
}

/** Refuses what would let an initiator use a disk that this machine writes. */
export function requireNotHeld(disk: DeclaredDisk): void {
  if (!isHeld(disk)) return;
  throw new ControlError(
    "in-use",
    `disk ${disk.name} is attached on this server, which writes it`,
    `sanctl disk detach ${disk.name} first, or attach it with --read-only`,
  );
}

/** Refuses what cannot be done to a disk while programs of this machine have it. */
export function requireNotAttached({ name, attached }: DeclaredDisk): void {
  if (attached === undefined) return;
  const next = `sanctl disk detach ${name} first`;
  throw new ControlError("in-use", `disk ${name} is attached on this server`, next);
}

/** Two that write a disk without knowing of each other corrupt it. */
function requireIdle({ name, assignments }: DeclaredDisk, observation: Observation): void {
  for (const { target } of assignments) {
    const count = observation.sessionsOf(target);
    if (count === 0) continue;
    const [{ initiator } = { initiator: "an initiator" }] = observation.sessions(target);
    throw new ControlError(
      "in-use",
      `target ${target}, which has disk ${name}, has ${sessionCount(count)} open, of ${initiator}`,
      "log it out first, or attach the disk with --read-only",
    );
  }
}

export function notRunning(what: string): ControlError {
  const next = "start it: sanctl target serve";
  return new ControlError(
    "unreachable",
    `${what} needs the service, which does not run`,
    next,
  );
}

function notices(disk: DeclaredDisk): string[] {
  const targets = disk.assignments.map(({ target }) => target);
  if (targets.length === 0) return [];
  if (isHeld(disk)) return [`nobody can log in to ${targets.join(", ")} until it is detached`];
  return [`initiators of ${targets.join(", ")} may write it meanwhile: what is read may be stale`];
}
