/**
 * What management commands come to, told a second time and as plainly as can be: what is declared,
 * who is logged in, and what becomes of it. It knows no file, no service and no protocol.
 */
import type { ControlErrorKind } from "../../../lib/config/control.ts";

export interface Host {
  readonly iqn: string;
  readonly address: string;
}

export const ADA: Host = { iqn: "iqn.2026-01.com.example:ada", address: "192.0.2.101" };
export const BOB: Host = { iqn: "iqn.2026-01.com.example:bob", address: "192.0.2.102" };
export const HOSTS: Readonly<Record<string, Host>> = { ada: ADA, bob: BOB };

export interface ModelSecret {
  readonly user: string;
  readonly secret: string;
}

export interface ModelChap extends ModelSecret {
  readonly algorithms: readonly string[];
}

/** A target, or discovery: whatever may ask for proof. */
export interface Guarded {
  chap: ModelChap | undefined;
  reverseChap: ModelSecret | undefined;
}

export interface ModelTarget extends Guarded {
  name: string;
  iqn: string;
  description: string;
  allow: string[];
}

export interface ModelAssignment {
  readonly target: ModelTarget;
  readonly lun: number;
  readonly readOnly: boolean;
}

export interface ModelDisk {
  name: string;
  readonly path: string | null;
  readonly format: "vhd" | "raw" | "mem";
  /** Of a VHD. */
  readonly type: "fixed" | "dynamic" | null;
  /** Known once it was told. */
  uuid: string | undefined;
  size: number;
  readonly logicalBlockLength: number;
  readonly physicalBlockLength: number;
  readonly sparse: boolean;
  readonly removable: boolean;
  shared: boolean;
  description: string;
  assignments: ModelAssignment[];
}

export interface ModelPortal {
  readonly address: string;
  readonly port: number;
  readonly group: number;
  readonly advertise: string | null;
}

export interface ModelSchedule {
  readonly name: string;
  readonly kind: "snapshot" | "backup";
  readonly disks: readonly ModelDisk[];
  readonly cron: string;
  /** How many are kept. */
  readonly last: number | null;
}

export interface ModelSession {
  readonly host: string;
  target: ModelTarget;
}

export interface EndedSession {
  readonly session: ModelSession;
  /** Its initiator is asked to log out first. */
  readonly asked: boolean;
}

/** A command that is refused, and changes nothing. */
export class Refused extends Error {
  constructor(readonly kind: ControlErrorKind, why: string) {
    super(why);
  }
}

export class Model {
  readonly iqnBase: string;
  targets: ModelTarget[] = [];
  disks: ModelDisk[] = [];
  readonly discovery: Guarded = { chap: undefined, reverseChap: undefined };
  /** Undefined where none is declared: then every address is one. */
  portals: ModelPortal[] | undefined = undefined;
  /** How many there may be, where that is set. */
  readonly limits = new Map<"targets" | "disks", number>();
  schedules: ModelSchedule[] = [];
  /** What the snapshots of a disk may take, where that is limited. */
  readonly snapshotSpaces = new Map<ModelDisk, number>();
  /** Every file with its size, whether it is a disk's or not. */
  readonly files = new Map<string, number>();
  sessions: ModelSession[] = [];
  /** Those that the last command ended. */
  ended: EndedSession[] = [];

  constructor(iqnBase: string) {
    this.iqnBase = iqnBase;
  }

  target(name: string): ModelTarget {
    const target = this.targets.find((each) => each.name === name);
    if (target === undefined) throw new Refused("not-found", `no target ${name}`);
    return target;
  }

  disk(name: string): ModelDisk {
    const disk = this.disks.find((each) => each.name === name);
    if (disk === undefined) throw new Refused("not-found", `no disk ${name}`);
    return disk;
  }

  /** Refuses one more. */
  requireRoom(kind: "targets" | "disks"): void {
    require(this[kind].length < (this.limits.get(kind) ?? Infinity), "failed", "no room");
  }

  /** What may ask for proof: a target, or discovery where none is named. */
  guarded(target: string | undefined): Guarded {
    return target === undefined ? this.discovery : this.target(target);
  }

  sessionsOf(target: ModelTarget): ModelSession[] {
    return this.sessions.filter((session) => session.target === target);
  }

  /** What stands behind the LUNs of a target, ascending. */
  luns(target: ModelTarget): (ModelAssignment & { readonly disk: ModelDisk })[] {
    return this.disks.flatMap((disk) => disk.assignments.map((each) => ({ ...each, disk })))
      .filter((each) => each.target === target)
      .sort((one, other) => one.lun - other.lun);
  }

  /** The lowest LUN that is free. */
  freeLun(target: ModelTarget): number {
    const taken = this.luns(target).map(({ lun }) => lun);
    let lun = 0;
    while (taken.includes(lun)) lun++;
    return lun;
  }

  end(sessions: readonly ModelSession[], asked: boolean): void {
    this.sessions = this.sessions.filter((session) => !sessions.includes(session));
    this.ended.push(...sessions.map((session) => ({ session, asked })));
  }

  /** Ends the sessions of whoever the target admits no more. */
  endOutcasts(target: ModelTarget): void {
    const outcasts = this.sessionsOf(target).filter(({ host }) => !admits(target, HOSTS[host]!));
    this.end(outcasts, true);
  }
}

/** Refuses with this kind unless it holds. */
export function require(holds: boolean, kind: ControlErrorKind, why: string): asserts holds {
  if (!holds) throw new Refused(kind, why);
}

/** Identifiers as the commands give them → as they are kept; null is none. */
export const IDENTIFIERS: Readonly<Record<string, string | null>> = {
  "any": "any",
  [`iqn:${ADA.iqn}`]: `iqn:${ADA.iqn}`,
  [BOB.iqn.toUpperCase()]: `iqn:${BOB.iqn}`,
  [BOB.address]: `ip:${BOB.address}`,
  "ip:192.0.2.0/24": "ip:192.0.2.0/24",
  "ip:198.51.100.7": "ip:198.51.100.7",
  // Of hosts that nobody here is: no name resolves, and no adapter is known.
  "dns:Ada.Example.com": "dns:ada.example.com",
  "00-15-17-0B-0E-F6": "mac:00-15-17-0B-0E-F6",
  "nobody": null,
  "ip:300.1.1.1": null,
  "dns:no_host": null,
  "mac:00-15-17": null,
};

export function identifiers(given: readonly string[]): string[] {
  const kept = given.map((id) => IDENTIFIERS[id]);
  require(kept.every((id) => typeof id === "string"), "usage", "no identifier");
  return [...new Set(kept as string[])];
}

export function admits({ allow }: ModelTarget, host: Host): boolean {
  const rules = ["any", `iqn:${host.iqn}`, `ip:${host.address}`, "ip:192.0.2.0/24"];
  return allow.some((id) => rules.includes(id));
}

/** Whether they may stand for initiators that know nothing of each other. */
export function areSeveral(allow: readonly string[]): boolean {
  return allow.length > 1 || allow[0] === "ip:192.0.2.0/24";
}

export function checkName(name: string): void {
  require(/^[a-z]+$/.test(name) && name !== "con", "usage", `${name} is no name`);
}

/** A description as it is kept. */
export function description(text: string): string {
  require(!text.includes("\n"), "usage", "no line");
  return text.trim();
}

export function checkIqn(iqn: string): void {
  require(iqn.startsWith("iqn."), "usage", `${iqn} is no iSCSI name`);
}
