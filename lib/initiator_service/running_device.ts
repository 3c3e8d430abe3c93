/** A logical unit that sessions have found: a disk of this machine, as soon as it is attached. */
import { ControlError } from "../config/control_error.ts";
import { accessName } from "../initiator/multipath/asymmetric_access.ts";
import type { MultipathUnit } from "../initiator/multipath/multipath_unit.ts";
import type { Path } from "../initiator/multipath/path.ts";
import type { Attached, Attachments } from "./attachments.ts";
import type {
  AttachmentFacts,
  InitiatorDeviceFacts,
  InitiatorDeviceState,
  PathFacts,
} from "./facts.ts";
import type { RunningSession } from "./running_session.ts";
import type { DeclaredDevice } from "./schema.ts";

export interface RunningDeviceOptions {
  /** What commands call it. */
  readonly name: string;
  readonly target: string;
  readonly lun: number;
  readonly unit: MultipathUnit;
  readonly attachments: Attachments;
  readonly declared: DeclaredDevice;
}

export class RunningDevice {
  readonly name: string;
  readonly target: string;
  readonly lun: number;
  readonly unit: MultipathUnit;
  readonly #attachments: Attachments;
  readonly #sessions = new Map<Path, RunningSession>();
  #declared: DeclaredDevice;
  #attached: Attached | undefined;
  /** It is not attached any more, whatever is declared. */
  #isGivenUp = false;
  /** It is being attached. */
  #attaching: Promise<void> | undefined;

  constructor({ name, target, lun, unit, attachments, declared }: RunningDeviceOptions) {
    this.name = name;
    this.target = target;
    this.lun = lun;
    this.unit = unit;
    this.#attachments = attachments;
    this.#declared = declared;
  }

  get identity(): string {
    return this.#declared.identity;
  }

  get declared(): DeclaredDevice {
    return this.#declared;
  }

  get isAttached(): boolean {
    return this.#attached !== undefined;
  }

  /** It is attached, and can be used. */
  get isReady(): boolean {
    return this.isAttached && this.unit.isUsable;
  }

  get #attachmentFacts(): AttachmentFacts | null {
    return this.#attached === undefined ? null : this.#attachments.facts(this.#attached);
  }

  /** The unit can be reached through this session. */
  addPath(session: RunningSession): void {
    const { path } = session;
    if ([...this.#sessions.values()].includes(session)) return;
    const way = path.kept.unit(this.lun, {
      replays: false,
      patienceMs: Infinity,
      identity: this.identity,
    });
    const { weights, subset } = this.#declared;
    const added = this.unit.add({
      name: path.name,
      way,
      succession: path.succession,
      weight: weights?.[path.name],
      isInSubset: subset?.includes(path.name),
    });
    this.#sessions.set(added, session);
  }

  removePath(session: RunningSession): void {
    for (const [path, each] of this.#sessions) {
      if (each !== session) continue;
      this.unit.remove(path);
      this.#sessions.delete(path);
    }
  }

  get sessions(): readonly RunningSession[] {
    return [...this.#sessions.values()];
  }

  /** Commands that it has carried out through a session. */
  commandsThrough(session: RunningSession): number {
    let commands = 0;
    for (const [path, each] of this.#sessions) {
      if (each === session) commands += path.counters.commands;
    }
    return commands;
  }

  /** Does as is declared now. */
  async become(declared: DeclaredDevice): Promise<void> {
    const { weights, subset, preferred, policy, attached } = declared;
    this.#declared = declared;
    for (const path of this.unit.paths) {
      path.weight = weights?.[path.name] ?? 0;
      path.isInSubset = subset?.includes(path.name) ?? true;
    }
    this.unit.prefer(preferred);
    this.unit.policy = policy;
    if (attached === undefined || this.#attached !== undefined || this.#isGivenUp) return;
    await this.#attach();
  }

  /** Waits until it can be reached. */
  #attach(): Promise<void> {
    return this.#attaching ??= this.#attachNow().finally(() => this.#attaching = undefined);
  }

  async #attachNow(): Promise<void> {
    const choice = this.#declared.attached ?? { readOnly: false };
    this.#attached = await this.#attachments.attach(this.name, this.unit, choice);
  }

  /**
   * Refuses where somebody uses it, unless forced: answers then what was taken from whom, a
   * sentence each.
   */
  async detach(options: { readonly force: boolean }): Promise<string[]> {
    const attached = this.#attached;
    if (attached === undefined) return [];
    const told = await this.#attachments.detach(attached, options);
    this.#attached = undefined;
    return told;
  }

  /** Whether it cannot be reached without these. */
  hangsOn(sessions: readonly RunningSession[]): boolean {
    return this.sessions.every((each) => sessions.includes(each));
  }

  /** Its sessions are about to end. Answers what was taken from whom, a sentence each. */
  async giveUp(): Promise<string[]> {
    this.#isGivenUp = true;
    return await this.detach({ force: true });
  }

  /** Refuses to lose its last session while it is attached. */
  checkMayLose(sessions: readonly RunningSession[]): void {
    if (!this.isAttached || !this.hangsOn(sessions)) return;
    const { clients, path, mounts } = this.#attachmentFacts!;
    const by = mounts.length > 0
      ? ` as ${path}, and mounted at ${mounts.join(", ")}`
      : clients === 0
      ? ""
      : `, with ${clients} client${clients === 1 ? "" : "s"}`;
    throw new ControlError(
      "in-use",
      `device ${this.name} of target ${this.target} is attached${by}`,
      `first sanctl initiator detach ${this.name}, or log out with --force`,
    );
  }

  async close(): Promise<void> {
    await this.detach({ force: true });
    this.unit.close();
  }

  get state(): InitiatorDeviceState {
    const { unit } = this;
    if (unit.facts === undefined) return unit.isOnline ? "connecting" : "offline";
    if (!unit.isOnline) return "offline";
    if (!unit.isUsable) return "no-path";
    const isWhole = unit.paths.every(({ state }) => state === "active" || state === "standby");
    return isWhole ? "online" : "degraded";
  }

  facts(): InitiatorDeviceFacts {
    const { facts, paths } = this.unit;
    const { state } = this;
    return {
      name: this.name,
      identity: facts?.identity ?? null,
      target: this.target,
      lun: this.lun,
      state,
      size: facts === undefined ? null : facts.blockCount * facts.blockLength,
      blockLength: facts?.blockLength ?? null,
      physicalBlockLength: facts?.physicalBlockLength ?? null,
      vendor: facts?.vendor ?? "",
      product: facts?.product ?? "",
      serial: facts?.serialNumber ?? "",
      readOnly: facts?.isWriteProtected ?? false,
      thin: facts?.provisioning.isThin ?? false,
      policy: this.unit.policy,
      paths: paths.map((path) => this.#pathFacts(path)),
      attached: this.#attachmentFacts,
      bound: this.#declared.bound,
      error: state === "online" || state === "degraded"
        ? this.#attached?.disk.trouble ?? null
        : paths.map(({ name, reason }) => `${name}: ${reason}`).join("; ") || "it has no path",
    };
  }

  #pathFacts(path: Path): PathFacts {
    const session = this.#sessions.get(path)!;
    const { name, state, weight, isInSubset, counters, commands, portGroup, accessState } = path;
    return {
      name,
      session: session.id,
      state,
      portal: session.portal,
      source: session.source,
      access: portGroup === undefined ? null : accessName(accessState),
      weight,
      subset: isInSubset,
      outstanding: commands,
      commands: counters.commands,
      blocks: counters.blocks,
      failures: counters.failures,
      losses: counters.losses,
      error: state === "active" || state === "standby" ? null : path.reason,
    };
  }
}
