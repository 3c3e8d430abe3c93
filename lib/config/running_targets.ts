/**
 * The targets of the running service, brought to what is declared. What an initiator sees changes
 * under it only as it must: a new LUN is announced, one that goes takes the sessions with it.
 */
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { NOT_READY_TO_READY_CHANGE, REPORTED_LUNS_DATA_HAS_CHANGED } from "../scsi/sense.ts";
import { AccessList } from "../target/access_list.ts";
import { LunMap, type Mapping } from "../target/lun_map.ts";
import type { TargetNode } from "../target/node.ts";
import type { Session } from "../target/session.ts";
import { Target } from "../target/target.ts";
import type { RunningDisk } from "./running_disk.ts";
import { RunningAuthentication } from "./running_authentication.ts";
import type { DeclaredState, DeclaredTarget } from "./schema.ts";
import type { Declared, SecretBook } from "./secret_book.ts";
import { Traffic } from "./traffic.ts";

type Disks = ReadonlyMap<string, RunningDisk>;

export class RunningTargets {
  readonly #node: TargetNode;
  readonly #authentication: RunningAuthentication;
  readonly #traffic = new Traffic();
  /** By the names that the operator gave. */
  #byName = new Map<string, Target>();

  constructor(node: TargetNode) {
    this.#node = node;
    this.#authentication = new RunningAuthentication(node.challenges);
    const { onLogin } = node;
    node.onLogin = (event) => {
      onLogin?.(event);
      const target = node.findTarget(event.targetName ?? "");
      if (target !== undefined) this.#traffic.look(target);
    };
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  get(name: string): Target | undefined {
    return this.#byName.get(name);
  }

  /** The targets under their names. */
  entries(): IterableIterator<[string, Target]> {
    return this.#byName.entries();
  }

  /** Becomes what is declared; resolves when the sessions that this ends have ended. */
  async reconcile({ state, secrets }: Declared, disks: Disks): Promise<void> {
    this.#node.discoveryAuthentication = this.#authentication.policyOf(
      state.discovery,
      secrets,
      this.#node.discoveryAuthentication,
    );
    const ends: Promise<void>[] = [];
    const declared = new Set(state.targets.map(({ iqn }) => iqn));
    for (const target of this.#byName.values()) {
      if (!declared.has(target.name)) ends.push(this.#remove(target));
    }
    this.#byName = new Map(
      state.targets.map((each) => [each.name, this.#targetFor(each, secrets)]),
    );
    for (const [name, target] of this.#byName) {
      ends.push(...this.#map(target, mappingsOf(state, name, disks)));
    }
    await Promise.all(ends);
  }

  /** Puts a unit where another stood in for it; whoever is logged in learns that it is ready. */
  replace(standIn: LogicalUnit, unit: LogicalUnit): void {
    for (const target of this.#byName.values()) {
      for (const [lun, mapping] of [...target.luns.entries()]) {
        if (mapping.unit !== standIn) continue;
        target.luns.set(lun, { ...mapping, unit });
        for (const { nexus } of openSessions(target)) {
          standIn.detach(nexus);
          unit.attach(nexus);
          unit.attentions.establish(nexus, NOT_READY_TO_READY_CHANGE);
        }
      }
    }
  }

  /** The target of that iSCSI name, as it is or made anew, with who may log in and how. */
  #targetFor(declared: DeclaredTarget, secrets: SecretBook): Target {
    const { name, iqn, description, allow } = declared;
    const alias = description || name;
    const access = AccessList.of(allow);
    const present = this.#node.findTarget(iqn);
    const authentication = this.#authentication.policyOf(
      declared,
      secrets,
      present?.authentication,
    );
    if (present === undefined) {
      const luns = new LunMap();
      const target = new Target({ name: iqn, alias, access, authentication, luns });
      this.#node.addTarget(target);
      return target;
    }
    present.alias = alias;
    present.access = access;
    present.authentication = authentication;
    return present;
  }

  async #remove(target: Target): Promise<void> {
    await this.#node.removeTarget(target);
    this.#traffic.retire(target);
  }

  /** Puts the wanted units behind the LUNs; answers the ends of the sessions that lose one. */
  #map(target: Target, wanted: ReadonlyMap<number, Mapping>): Promise<void>[] {
    const ends: Promise<void>[] = [];
    for (const [lun, mapping] of [...target.luns.entries()]) {
      if (wanted.get(lun)?.unit === mapping.unit) continue;
      ends.push(takeAway(target, lun, mapping));
    }
    const isNew = [...wanted.keys()].some((lun) => target.luns.get(lun) === undefined);
    const sessions = openSessions(target);
    if (isNew) announce(target, sessions);
    for (const [lun, mapping] of wanted) {
      const present = target.luns.get(lun);
      target.luns.set(lun, mapping);
      if (present !== undefined) continue;
      for (const { nexus } of sessions) mapping.unit.attach(nexus);
    }
    return ends;
  }
}

function openSessions(target: Target): Session[] {
  return [...target.sessions].filter(({ isEnding }) => !isEnding);
}

/** What is to stand behind the LUNs of the target. */
function mappingsOf(state: DeclaredState, name: string, disks: Disks): Map<number, Mapping> {
  const mappings = new Map<number, Mapping>();
  for (const { uuid, assignments } of state.disks) {
    for (const { target, lun, readOnly } of assignments) {
      if (target === name) mappings.set(lun, { unit: disks.get(uuid)!.unit, readOnly });
    }
  }
  return mappings;
}

/** Ends the sessions that could be using the LUN, and takes it from those to come. */
async function takeAway(target: Target, lun: number, { unit }: Mapping): Promise<void> {
  const sessions = [...target.sessions];
  const ends = sessions.map((session) => session.drop(`LUN ${lun} was taken away`));
  target.luns.delete(lun);
  await Promise.all(ends);
  // A session that ends lets go of the units behind its LUNs, which this one is no more.
  for (const { nexus } of sessions) unit.detach(nexus);
}

/** SPC-4 6.33: whoever knew the LUNs is told that they are others now. */
function announce(target: Target, sessions: readonly Session[]): void {
  for (const [, { unit }] of target.luns.entries()) {
    for (const { nexus } of sessions) {
      unit.attentions.establish(nexus, REPORTED_LUNS_DATA_HAS_CHANGED);
    }
  }
}
