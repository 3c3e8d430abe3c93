/**
 * The targets of the running service, brought to what is declared. What an initiator sees changes
 * under it only as it must, and it is told.
 */
import { within } from "../runtime/within.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { AccessList } from "../target/access_list.ts";
import { endSessions } from "../target/end_sessions.ts";
import { LunMap, type Mapping } from "../target/lun_map.ts";
import type { TargetNode } from "../target/node.ts";
import { findOutcasts } from "../target/session_admission.ts";
import { Target } from "../target/target.ts";
import { ControlError } from "./control_error.ts";
import { whyHeld } from "./operations/attach_disk.ts";
import { sessionCount } from "./operations/outcome.ts";
import type { RunningDisk } from "./running_disk.ts";
import { RunningAuthentication } from "./running_authentication.ts";
import { RunningLuns, type WantedLuns } from "./running_luns.ts";
import type { DeclaredState, DeclaredTarget } from "./schema.ts";
import type { Declared, SecretBook } from "./secret_book.ts";
import { Traffic } from "./traffic.ts";

type Disks = ReadonlyMap<string, RunningDisk>;

/** What initiators that lose their target have to log out. */
const LOGOUT_MS = 5_000;
/** How long a change waits for commands that do not end: after that it goes on without them. */
const SETTLE_MS = 15_000;

export class RunningTargets {
  readonly #node: TargetNode;
  readonly #authentication: RunningAuthentication;
  readonly #luns: RunningLuns;
  readonly #traffic = new Traffic();
  /** By the names that the operator gave. */
  #byName = new Map<string, Target>();

  constructor(node: TargetNode) {
    this.#node = node;
    this.#authentication = new RunningAuthentication(node.challenges);
    this.#luns = new RunningLuns(node);
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

  /**
   * Becomes what `state` declares. What is to go goes first, with the sessions that it ends and the
   * commands that use it, so that nobody gets a disk that another still writes.
   */
  async reconcile({ state, secrets }: Declared, disks: Disks): Promise<void> {
    this.#node.discoveryAuthentication = this.#authentication.policyOf(
      state.discovery,
      secrets,
      this.#node.discoveryAuthentication,
    );
    this.hold(state);
    const ends = this.#removeUndeclared(state);
    for (const declared of state.targets) {
      const present = this.#node.findTarget(declared.iqn);
      if (present === undefined) continue;
      present.authentication = this.#policyOf(declared, secrets, present);
      ends.push(this.#admit(present, declared));
      ends.push(...this.#luns.withdraw(present, wantedLuns(state, declared.name, disks)));
    }
    await within(this.#node.clock, SETTLE_MS, ends);
    this.#byName = new Map(
      state.targets.map((each) => [each.name, this.#targetFor(each, secrets)]),
    );
    this.hold(state);
    for (const [name, target] of this.#byName) {
      this.#luns.offer(target, wantedLuns(state, name, disks));
    }
  }

  /** Lets nobody log in to targets of which this machine writes a disk. */
  hold(state: DeclaredState): void {
    for (const [name, target] of this.#byName) target.unavailable = whyHeld(state, name);
  }

  /** The same for a state that is to be; refuses what would take a disk from sessions. */
  holdFrom(before: DeclaredState, after: DeclaredState): void {
    this.hold(after);
    for (const [name, { sessions }] of this.#byName) {
      const why = whyHeld(after, name);
      if (why === undefined || sessions.size === 0 || whyHeld(before, name) !== undefined) continue;
      throw new ControlError(
        "in-use",
        `target ${name} has ${sessionCount(sessions.size)} open, and ${why}`,
        "log the initiators out first",
      );
    }
  }

  /** Puts a unit where another stood in for it; whoever is logged in learns that it is ready. */
  replace(standIn: LogicalUnit, unit: LogicalUnit): void {
    for (const target of this.#byName.values()) this.#luns.replace(target, standIn, unit);
  }

  #removeUndeclared(state: DeclaredState): Promise<unknown>[] {
    const declared = new Set(state.targets.map(({ iqn }) => iqn));
    const gone = [...this.#byName.values()].filter(({ name }) => !declared.has(name));
    return gone.map((target) => this.#remove(target));
  }

  async #remove(target: Target): Promise<void> {
    const over = Promise.all([...target.sessions].map((session) => session.over));
    for (const [, { unit }] of target.luns.entries()) this.#luns.hold(unit, over);
    const reason = "the target was deleted, or has another iSCSI name";
    await this.#node.removeTarget(target, { waitMs: LOGOUT_MS, reason });
    this.#traffic.retire(target);
  }

  /** Admits whom the declaration names; resolves when the others have been logged out. */
  async #admit(target: Target, { name, description, allow }: DeclaredTarget): Promise<void> {
    target.alias = description || name;
    const access = AccessList.of(allow);
    if (access.ids.join() === target.access.ids.join()) return;
    target.access = access;
    const outcasts = await findOutcasts(this.#node, target);
    const reason = "the target does not admit the initiator any more";
    await endSessions(this.#node, outcasts, { waitMs: LOGOUT_MS, reason });
  }

  /** The target of that iSCSI name, as it is or made anew. */
  #targetFor(declared: DeclaredTarget, secrets: SecretBook): Target {
    const { name, iqn, description, allow } = declared;
    const present = this.#node.findTarget(iqn);
    if (present !== undefined) return present;
    const target = new Target({
      name: iqn,
      alias: description || name,
      access: AccessList.of(allow),
      authentication: this.#policyOf(declared, secrets),
      luns: new LunMap(),
    });
    this.#node.addTarget(target);
    return target;
  }

  #policyOf(declared: DeclaredTarget, secrets: SecretBook, present?: Target) {
    return this.#authentication.policyOf(declared, secrets, present?.authentication);
  }
}

/** What is to stand behind the LUNs of the target. */
function wantedLuns(state: DeclaredState, name: string, disks: Disks): WantedLuns {
  const wanted = new Map<number, Mapping>();
  for (const { uuid, assignments } of state.disks) {
    for (const { target, lun, readOnly } of assignments) {
      if (target === name) wanted.set(lun, { unit: disks.get(uuid)!.unit, readOnly });
    }
  }
  return wanted;
}
