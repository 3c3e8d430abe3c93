/**
 * A login to one target, with all of its sessions: they are kept, and the units that the target has
 * are found as soon as one of them is open, and again whenever the target says that there are
 * others.
 */
import type { EventSink } from "../events/event_sink.ts";
import { CommandFailure } from "../initiator/command.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import { askLuns } from "../initiator/report_luns.ts";
import type { MultipathSettings } from "../initiator/multipath/settings.ts";
import { type PathPlan, TargetLogin } from "../initiator/target_login.ts";
import { UnitError } from "../initiator/unit_error.ts";
import type { ChapAccounts } from "../initiator/chap.ts";
import { authenticationBy } from "./authentication_of.ts";
import type { NewPath } from "./control.ts";
import { messageOf } from "./initiator_failure.ts";
import { isSamePath } from "./login_plan.ts";
import type { LoginShape } from "./login_shape.ts";
import type { RunningDevice } from "./running_device.ts";
import type { RunningDevices } from "./running_devices.ts";
import { RunningSession } from "./running_session.ts";

export interface RunningLoginOptions {
  readonly node: InitiatorNode;
  readonly shape: LoginShape;
  readonly settings: MultipathSettings;
  readonly devices: RunningDevices;
  readonly events: EventSink;
  readonly takeId: () => string;
  /** A session has been opened, or a device found. */
  readonly onChange: () => void;
}

/** When what could not be looked at is looked at again. */
const AGAIN_MS = 30_000;

export class RunningLogin {
  shape: LoginShape;
  readonly sessions: RunningSession[] = [];
  readonly #options: RunningLoginOptions;
  readonly #login: TargetLogin;
  readonly #devices = new Map<number, RunningDevice>();
  #inventory: Promise<void> | undefined;
  #isOverdue = false;
  #isClosed = false;

  constructor(options: RunningLoginOptions) {
    const { node, shape, settings } = options;
    const { target: targetName, headerDigest, dataDigest, connections } = shape;
    const { maxConnections, defaultTime2Wait, defaultTime2Retain } = shape;
    this.#options = options;
    this.shape = shape;
    this.#login = new TargetLogin(node, {
      ...{ targetName, headerDigest, dataDigest, connections, settings, paths: [] },
      ...{ maxConnections, defaultTime2Wait, defaultTime2Retain },
      authentication: authenticationBy(node, () => this.shape.accounts),
    });
  }

  get target(): string {
    return this.shape.target;
  }

  /** What the target calls itself. */
  get alias(): string {
    return this.sessions.map(({ path }) => path.kept.session?.targetAlias).find(Boolean) ?? "";
  }

  get isLoggedIn(): boolean {
    return this.sessions.some(({ isLoggedIn }) => isLoggedIn);
  }

  /** It has a session that goes that way. */
  has(path: NewPath): boolean {
    return this.sessions.some(({ plan: { portal: { host: address, port }, sourceAddress } }) =>
      isSamePath(path, { portal: { address, port }, sourceAddress })
    );
  }

  /** None of its sessions is open, and none is tried for just now. */
  get isGivenUp(): boolean {
    return this.sessions.every(({ isGivenUp }) => isGivenUp);
  }

  /** Why it is not logged in, and what to do about it; undefined where it is. */
  get trouble(): string | undefined {
    if (this.isLoggedIn) return undefined;
    return this.sessions.find(({ trouble }) => trouble !== undefined)?.trouble;
  }

  /** One that was given up is tried once more, with these accounts from now on. */
  async renew(accounts: ChapAccounts | undefined): Promise<void> {
    const before = this.shape;
    this.shape = { ...before, accounts: accounts ?? before.accounts };
    const outcomes = await Promise.allSettled(this.sessions.map((session) => session.tryAnew()));
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure === undefined || this.isLoggedIn) return;
    this.shape = before;
    throw failure.reason;
  }

  get devices(): readonly RunningDevice[] {
    return [...this.#devices.values()];
  }

  /** One more session, which is tried for: once with `mustDo`, else for as long as it takes. */
  add(plan: PathPlan, { mustDo }: { readonly mustDo: boolean }): RunningSession {
    const { events, takeId, onChange } = this.#options;
    const path = this.#login.add(plan, mustDo ? { firstPatienceMs: 0 } : {});
    const session = new RunningSession(takeId(), plan, path, events);
    path.kept.observers.add({
      stateChanged: () => {
        if (session.isLoggedIn) this.lookAround();
        onChange();
      },
      lunsChanged: () => this.lookAround(),
    });
    this.sessions.push(session);
    for (const device of this.devices) device.addPath(session);
    return session;
  }

  /** Logs out of one session. */
  async remove(session: RunningSession): Promise<void> {
    this.sessions.splice(this.sessions.indexOf(session), 1);
    session.stop();
    for (const device of this.devices) device.removePath(session);
    await this.#login.remove(session.path);
  }

  /** Logs out of all of them; devices that nobody else leads to are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const device of this.devices) {
      if (device.sessions.every((each) => this.sessions.includes(each))) {
        await this.#options.devices.drop(device);
      }
    }
    await Promise.all([...this.sessions].map((session) => this.remove(session)));
  }

  /** Resolves when its units are found, and it is known which sessions lead to each. */
  async found(): Promise<void> {
    await this.lookAround();
    await Promise.all(this.devices.map(({ unit }) => unit.settled()));
  }

  /** Finds out which units there are; resolves when all of them have been looked at. */
  lookAround(): Promise<void> {
    this.#isOverdue = true;
    return this.#inventory ??= this.#lookAround().finally(() => this.#inventory = undefined);
  }

  async #lookAround(): Promise<void> {
    if (this.shape.informational) return;
    while (this.#isOverdue && !this.#isClosed) {
      this.#isOverdue = false;
      const through = this.sessions.find(({ isLoggedIn }) => isLoggedIn);
      const session = through?.path.kept.session;
      if (session === undefined) return;
      try {
        const luns = await askLuns(session);
        await Promise.all(luns.map((lun) => this.#meet(through!, lun)));
        await this.#dropAbsent(luns);
      } catch (error) {
        if (!(error instanceof CommandFailure) && !(error instanceof UnitError)) throw error;
        this.#logger.warn("cannot see which LUNs there are", {
          target: this.target,
          reason: messageOf(error),
        });
      }
    }
  }

  get #logger() {
    return this.#options.node.logger;
  }

  async #meet(session: RunningSession, lun: number): Promise<void> {
    if (this.#devices.has(lun)) return;
    const { node, devices, onChange } = this.#options;
    const way = session.path.kept.unit(lun, { replays: false, patienceMs: Infinity });
    try {
      const facts = await way.ready();
      const device = devices.meet(node, facts, this.target, lun);
      if (device === undefined) return;
      this.#devices.set(lun, device);
      for (const each of this.sessions) device.addPath(each);
      onChange();
    } catch (error) {
      if (!(error instanceof CommandFailure) && !(error instanceof UnitError)) throw error;
      const reason = messageOf(error);
      this.#logger.warn("a LUN cannot be used", { target: this.target, lun, reason });
      node.clock.after(AGAIN_MS, () => this.lookAround());
    }
  }

  /** What the target has no more, and nobody uses, is forgotten. */
  async #dropAbsent(luns: readonly number[]): Promise<void> {
    for (const [lun, device] of this.#devices) {
      if (luns.includes(lun) || device.isAttached) continue;
      this.#devices.delete(lun);
      for (const session of this.sessions) device.removePath(session);
      if (device.sessions.length === 0) await this.#options.devices.drop(device);
    }
  }
}
