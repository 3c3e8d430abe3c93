/** The initiator while its service runs: its logins, the devices that they found, and discovery. */
import { ControlError } from "../config/control_error.ts";
import type { SecretBook } from "../config/secret_book.ts";
import type { EventSink } from "../events/event_sink.ts";
import type { ChapAccounts } from "../initiator/chap.ts";
import type { MultipathSettings } from "../initiator/multipath/settings.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import type { PathPlan } from "../initiator/target_login.ts";
import { systemNetwork } from "../isns/network.ts";
import { within } from "../runtime/within.ts";
import { accountsOf } from "./accounts.ts";
import { Attachments } from "./attachments.ts";
import type { InitiatorSessionFacts, KnownTargetFacts, NewLogin, NewPath } from "./control.ts";
import { Discovery } from "./discovery.ts";
import { findDevice } from "./find_device.ts";
import { controlErrorOf } from "./initiator_failure.ts";
import { IsnsServers } from "./isns_servers.ts";
import { knownTargets } from "./known_targets.ts";
import { portalText } from "./host.ts";
import type { LoginPlan } from "./login_plan.ts";
import { type LoginShape, shapeOf } from "./login_shape.ts";
import type { RunningDevice } from "./running_device.ts";
import { RunningDevices } from "./running_devices.ts";
import { RunningLogin } from "./running_login.ts";
import type { RunningSession } from "./running_session.ts";
import type { DeclaredInitiator, DeclaredLogin } from "./schema.ts";
import type { Declared } from "./store.ts";

export interface RunningInitiatorOptions {
  readonly makeNode: (name: string) => InitiatorNode;
  readonly settings: MultipathSettings;
  readonly events: EventSink;
  /** Where attached devices are. */
  readonly directory: string;
  readonly state: () => DeclaredInitiator;
  /** A session has been opened or lost, or a device found. */
  readonly onChange: () => void;
}

/** How long a login waits for the target's units to be found. */
const FIND_MS = 15_000;
/** How long devices have to be flushed when the service ends. */
const CLOSE_MS = 10_000;

/** A session that a login made, in a login that may have been there before. */
export interface MadeLogin {
  readonly login: RunningLogin;
  readonly sessions: readonly RunningSession[];
}

export class RunningInitiator {
  readonly discovery: Discovery;
  readonly isns: IsnsServers;
  readonly devices: RunningDevices;
  readonly attachments: Attachments;
  readonly startedAt: string;
  readonly #options: RunningInitiatorOptions;
  readonly #logins = new Map<string, RunningLogin>();
  /** Targets that are being logged in to. */
  readonly #busy = new Set<string>();
  #node: InitiatorNode;
  #lastId = 0;
  readonly #hurried = Promise.withResolvers<void>();

  constructor(options: RunningInitiatorOptions) {
    const { settings, events } = options;
    this.#options = options;
    this.#node = options.makeNode(options.state().name);
    const { clock, logger } = this.#node;
    this.discovery = new Discovery(events);
    this.isns = new IsnsServers({ network: systemNetwork(clock, logger), events });
    this.attachments = new Attachments({
      ...{ directory: options.directory, clock, logger, events },
    });
    this.devices = new RunningDevices({
      ...{ settings, events, attachments: this.attachments },
      declared: (identity) =>
        options.state().devices.find((device) => device.identity === identity),
    });
    this.startedAt = clock.now().toISOString();
  }

  /** Begins to restore what is declared; none of it is waited for. */
  async start({ state, secrets }: Declared): Promise<void> {
    await this.attachments.listen();
    for (const login of state.logins) this.#restore(login, secrets);
    this.discovery.askAll(this.#node, state.portals, secrets);
    this.isns.reconcile(this.#node, state.isnsServers ?? []);
  }

  get node(): InitiatorNode {
    return this.#node;
  }

  /** The next login is made under this name, and name servers know us by it. */
  async setName(name: string): Promise<void> {
    this.#node = this.#options.makeNode(name);
    await this.reconcileIsns();
  }

  /** Asks the name servers that are declared now. */
  reconcileIsns(): Promise<void> {
    return this.isns.reconcile(this.#node, this.#options.state().isnsServers ?? []);
  }

  get logins(): readonly RunningLogin[] {
    return [...this.#logins.values()];
  }

  login(target: string): RunningLogin | undefined {
    return this.#logins.get(target);
  }

  #restore(declared: DeclaredLogin, secrets: SecretBook): void {
    const shape = shapeOf(declared, accountsOf(declared, secrets), true);
    const login = this.#makeLogin(shape);
    for (const { address, port, sourceAddress, isid, openIn } of declared.paths) {
      const plan: PathPlan = {
        ...{ portal: { host: address, port }, sourceAddress },
        ...{ isid: Uint8Array.fromHex(isid), leftIn: openIn },
      };
      const { path } = login.add(plan, { mustDo: false });
      path.kept.start().catch(() => undefined);
    }
  }

  #makeLogin(shape: LoginShape): RunningLogin {
    const { settings, events, onChange } = this.#options;
    const login = new RunningLogin({
      ...{ node: this.#node, shape, settings, events, onChange, devices: this.devices },
      takeId: () => String(++this.#lastId),
    });
    this.#logins.set(shape.target, login);
    return login;
  }

  /** Makes all of the sessions that are planned, or none. */
  async logIn(
    plan: LoginPlan,
    asked: NewLogin,
    accounts: ChapAccounts | undefined,
  ): Promise<MadeLogin> {
    const { target } = plan;
    if (this.#busy.has(target)) {
      throw new ControlError(
        "in-use",
        `a login to ${target} is under way`,
        "wait until it is done: sanctl initiator sessions",
      );
    }
    this.#busy.add(target);
    try {
      const made = await this.#logIn(plan, asked, accounts);
      await within(this.#node.clock, FIND_MS, [made.login.found()]);
      return made;
    } finally {
      this.#busy.delete(target);
    }
  }

  async #logIn(
    { target, paths, isChoice }: LoginPlan,
    asked: NewLogin,
    accounts: ChapAccounts | undefined,
  ): Promise<MadeLogin> {
    const present = this.#logins.get(target);
    const isPresent = (path: NewPath): boolean => present?.has(path) ?? false;
    const isSame = isChoice ? paths.some(isPresent) : paths.every(isPresent);
    if (present?.isGivenUp && isSame) return await renewed(present, accounts);
    if (present !== undefined) checkMayAdd(present, paths, asked);
    const login = present ?? this.#makeLogin(shapeOf({ ...asked, target }, accounts, false));
    const sessions: RunningSession[] = [];
    try {
      if (isChoice) sessions.push(await this.#openOne(login, paths));
      else {
        sessions.push(...paths.map((path) => login.add(planOf(path), { mustDo: true })));
        await Promise.all(sessions.map(({ path }) => path.kept.start()));
      }
      return { login, sessions };
    } catch (error) {
      for (const session of sessions) await login.remove(session);
      if (present === undefined) this.#logins.delete(target);
      throw controlErrorOf(error);
    }
  }

  /** The first path that answers. */
  async #openOne(login: RunningLogin, paths: readonly NewPath[]): Promise<RunningSession> {
    let failure: unknown;
    for (const path of paths) {
      const session = login.add(planOf(path), { mustDo: true });
      try {
        await session.path.kept.start();
        return session;
      } catch (error) {
        failure ??= error;
        await login.remove(session);
      }
    }
    throw failure;
  }

  /** Takes sessions back that a login has made. */
  async undo({ login, sessions }: MadeLogin): Promise<void> {
    for (const session of sessions) await login.remove(session);
    await this.#closeIfEmpty(login);
  }

  /** Logs out of sessions of one login; with the last of them the login is over. */
  async logOut(login: RunningLogin, sessions: readonly RunningSession[]): Promise<void> {
    if (login.sessions.every((session) => sessions.includes(session))) {
      this.#logins.delete(login.target);
      return await login.close();
    }
    for (const session of sessions) await login.remove(session);
  }

  async #closeIfEmpty(login: RunningLogin): Promise<void> {
    if (login.sessions.length > 0) return;
    this.#logins.delete(login.target);
    await login.close();
  }

  /** The login that a session belongs to. */
  findSession(id: string): { readonly login: RunningLogin; readonly session: RunningSession } {
    for (const login of this.logins) {
      const session = login.sessions.find((each) => each.id === id);
      if (session !== undefined) return { login, session };
    }
    throw new ControlError(
      "not-found",
      `there is no session ${id}`,
      "see those that there are: sanctl initiator sessions",
    );
  }

  findDevice(name: string): RunningDevice {
    return findDevice(this.devices.all, name);
  }

  /** It comes back when the service begins anew. */
  isPersistent(device: RunningDevice): boolean {
    return this.logins.some(({ shape, devices }) => shape.persistent && devices.includes(device));
  }

  sessionFacts(): InitiatorSessionFacts[] {
    return this.logins.flatMap(({ sessions, shape, devices }) =>
      sessions.map((session) => {
        const commands = devices.reduce((sum, it) => sum + it.commandsThrough(session), 0);
        return session.facts(shape, commands);
      })
    );
  }

  knownTargets(): readonly KnownTargetFacts[] {
    return knownTargets({
      state: this.#options.state(),
      nameServers: this.isns.found,
      targetsOf: (portal) => this.discovery.targetsOf(portal),
      loggedIn: this.logins.filter(({ isLoggedIn }) => isLoggedIn).map(({ target }) => target),
      aliasOf: (target) => this.#logins.get(target)?.alias ?? "",
      sessionsWith: (target) =>
        this.#logins.get(target)?.sessions.filter(({ isLoggedIn }) => isLoggedIn).length ?? 0,
    });
  }

  /** Devices are flushed and taken from whoever uses them, then all sessions are logged out of. */
  async stop(): Promise<void> {
    const left = this.isns.stop();
    await this.#end(this.devices.all.map((device) => device.detach({ force: true })));
    await this.#end(this.logins.map((login) => login.close()));
    await this.#end([this.attachments.close(), left]);
  }

  /** Waits for what is being ended; not for long, and not at all any more when in a hurry. */
  async #end(all: readonly Promise<unknown>[]): Promise<void> {
    const ended = within(this.#node.clock, CLOSE_MS, [Promise.allSettled(all)]);
    await Promise.race([ended, this.#hurried.promise]);
  }

  /** Nothing that is being ended is waited for any more. */
  hurry(): void {
    this.#hurried.resolve();
  }
}

/** A login that the target refused, once more. */
async function renewed(
  login: RunningLogin,
  accounts: ChapAccounts | undefined,
): Promise<MadeLogin> {
  try {
    await login.renew(accounts);
    return { login, sessions: [] };
  } catch (error) {
    throw controlErrorOf(error);
  }
}

function planOf({ portal: { address, port }, sourceAddress }: NewPath): PathPlan {
  return { portal: { host: address, port }, sourceAddress };
}

/** To a target that is logged in to, only paths can be added. */
function checkMayAdd(login: RunningLogin, paths: readonly NewPath[], asked: NewLogin): void {
  const { target } = login;
  if (!asked.multipath) {
    throw new ControlError(
      "in-use",
      `target ${target} is logged in to already`,
      "add a path to it with --multipath, or log out first: sanctl initiator logout",
    );
  }
  for (const path of paths) {
    if (!login.has(path)) continue;
    throw new ControlError(
      "in-use",
      `there is a session with portal ${portalText(path.portal)} of ${target} already`,
      "see the sessions: sanctl initiator sessions",
    );
  }
}
