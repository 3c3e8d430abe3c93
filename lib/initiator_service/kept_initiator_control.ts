/** The control of whoever keeps the initiator's declared state: one code for both keepers. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { ControlError } from "../config/control_error.ts";
import { checkAccounts, declareAccounts } from "./accounts.ts";
import type {
  AttachOptions,
  BindFacts,
  Changed,
  DiscoveryPortalFacts,
  EventsPage,
  EventsQuery,
  InitiatorControl,
  InitiatorDeviceFacts,
  InitiatorFacts,
  InitiatorSessionFacts,
  IsnsServerFacts,
  KnownTargetFacts,
  LoginFacts,
  LogoutChoice,
  LogoutFacts,
  NewDiscoveryPortal,
  NewLogin,
  NewStaticTarget,
  PersistentChoice,
  PersistentLoginFacts,
  PolicyName,
  PolicyOptions,
  PortalFacts,
  ScsiAnswer,
  ScsiQuestion,
} from "./control.ts";
import {
  addIsnsServer,
  addPortal,
  addTarget,
  changeDevice,
  findIsnsServer,
  findPortal,
  recordOpen,
  removeIsnsServer,
  removePersistent,
  removePortal,
  removeTarget,
  setName,
} from "./declared_changes.ts";
import { missingDeviceFacts, persistentFacts, undiscovered, unusedServer } from "./facts_of.ts";
import { checkIsnsServer, checkPortal } from "./host.ts";
import { controlErrorOf, notRunning } from "./initiator_failure.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { knownTargets } from "./known_targets.ts";
import { planLogin } from "./login_plan.ts";
import { policyOf } from "./policy_change.ts";
import { persist, recordAlone } from "./persist_login.ts";
import type { RunningDevice } from "./running_device.ts";
import type { RunningInitiator } from "./running_initiator.ts";
import type { DeclaredDevice } from "./schema.ts";

export class KeptInitiatorControl implements InitiatorControl {
  readonly #keeper: InitiatorKeeper;

  constructor(keeper: InitiatorKeeper) {
    this.#keeper = keeper;
  }

  #running(what: string): RunningInitiator {
    const { running } = this.#keeper;
    if (running === undefined) throw notRunning(what);
    return running;
  }

  async show(): Promise<InitiatorFacts> {
    const { running, isReady } = this.#keeper;
    const { name } = await this.#keeper.state();
    return {
      name,
      service: running === undefined ? "stopped" : "running",
      since: running?.startedAt ?? null,
      ready: running === undefined ? null : isReady,
      sessions: running?.sessionFacts().filter(({ state }) => state === "logged-in").length ?? 0,
      devices: running?.devices.all.length ?? 0,
    };
  }

  async setName(name: string): Promise<Changed<InitiatorFacts>> {
    const { running } = this.#keeper;
    await this.#keeper.change((declared) => ({
      ...declared,
      state: setName(declared.state, name),
    }));
    await running?.setName((await this.#keeper.state()).name);
    const logins = running?.logins.length ?? 0;
    const notices = logins === 0 ? [] : ["logins that are open keep the old name until they end"];
    return { facts: await this.show(), notices };
  }

  async listPortals(): Promise<readonly DiscoveryPortalFacts[]> {
    const { running } = this.#keeper;
    const { portals } = await this.#keeper.state();
    return portals.map((portal) => running?.discovery.facts(portal) ?? undiscovered(portal));
  }

  async addPortal(asked: NewDiscoveryPortal): Promise<Changed<DiscoveryPortalFacts>> {
    const { address, port } = checkPortal(asked);
    const accounts = declareAccounts(checkAccounts(asked));
    const { headerDigest = false, dataDigest = false } = asked;
    const portal = { address, port, headerDigest, dataDigest, ...accounts.declared };
    await this.#keeper.change(({ state, secrets }) => ({
      state: addPortal(state, portal),
      secrets: new Map([...secrets, ...accounts.secrets]),
    }));
    const { running } = this.#keeper;
    if (running === undefined) {
      const notice = "it is asked for targets when the service runs: sanctl initiator serve";
      return { facts: undiscovered(portal), notices: [notice] };
    }
    const { secrets } = await this.#keeper.declared();
    await running.discovery.askAll(running.node, [portal], secrets);
    const facts = running.discovery.facts(portal);
    return { facts, notices: facts.error === null ? [] : [`it was added, and ${facts.error}`] };
  }

  async removePortal(portal: PortalFacts): Promise<Changed<PortalFacts>> {
    const { address, port } = checkPortal(portal);
    const found = findPortal(await this.#keeper.state(), { address, port });
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removePortal(declared.state, found),
    }));
    this.#keeper.running?.discovery.forget(found);
    return { facts: { address, port }, notices: [] };
  }

  async refreshPortals(portal?: PortalFacts): Promise<readonly DiscoveryPortalFacts[]> {
    const running = this.#running("asking portals for targets");
    const { state, secrets } = await this.#keeper.declared();
    if (portal !== undefined) {
      const found = findPortal(state, checkPortal(portal));
      await running.discovery.ask(running.node, found, secrets);
      return [running.discovery.facts(found)];
    }
    await running.discovery.askAll(running.node, state.portals, secrets);
    return state.portals.map((each) => running.discovery.facts(each));
  }

  async listIsnsServers(): Promise<readonly IsnsServerFacts[]> {
    const { isnsServers = [] } = await this.#keeper.state();
    return isnsServers.map((server) => this.#isnsFacts(server));
  }

  #isnsFacts(server: PortalFacts): IsnsServerFacts {
    return this.#keeper.running?.isns.facts(server) ?? unusedServer(server, "stopped");
  }

  async addIsnsServer(asked: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    const server = checkIsnsServer(asked);
    await this.#keeper.change((declared) => ({
      ...declared,
      state: addIsnsServer(declared.state, server),
    }));
    const { running } = this.#keeper;
    if (running === undefined) {
      const notice = "it is asked for targets when the service runs: sanctl initiator serve";
      return { facts: this.#isnsFacts(server), notices: [notice] };
    }
    await running.reconcileIsns();
    await running.isns.refresh(server);
    const facts = this.#isnsFacts(server);
    const later = `it was added, and is tried again: ${facts.error}`;
    return { facts, notices: facts.error === null ? [] : [later] };
  }

  async removeIsnsServer(asked: PortalFacts): Promise<Changed<PortalFacts>> {
    const server = findIsnsServer(await this.#keeper.state(), checkIsnsServer(asked));
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removeIsnsServer(declared.state, server),
    }));
    await this.#keeper.running?.reconcileIsns();
    return { facts: server, notices: [] };
  }

  async refreshIsnsServers(asked?: PortalFacts): Promise<readonly IsnsServerFacts[]> {
    const { isns } = this.#running("asking iSNS servers for targets");
    const { isnsServers = [] } = await this.#keeper.state();
    if (asked === undefined) {
      await isns.refresh();
      return isnsServers.map((server) => isns.facts(server));
    }
    const server = findIsnsServer(await this.#keeper.state(), checkIsnsServer(asked));
    await isns.refresh(server);
    const failure = isns.failureOf(server);
    if (failure !== undefined) throw failure;
    return [isns.facts(server)];
  }

  async listTargets(): Promise<readonly KnownTargetFacts[]> {
    const { running } = this.#keeper;
    if (running !== undefined) return running.knownTargets();
    const state = await this.#keeper.state();
    return knownTargets({
      ...{ state, loggedIn: [], nameServers: [], targetsOf: () => [], sessionsWith: () => 0 },
    });
  }

  async addTarget(target: NewStaticTarget): Promise<Changed<KnownTargetFacts>> {
    const iqn = checkIscsiName(target.iqn);
    if (target.portals.length === 0) {
      const next = "give at least one as ADDR:PORT";
      throw new ControlError("usage", `target ${iqn} is given no portal`, next);
    }
    const portals = target.portals.map(checkPortal);
    await this.#keeper.change((declared) => ({
      ...declared,
      state: addTarget(declared.state, iqn, portals),
    }));
    const facts = (await this.listTargets()).find((each) => each.iqn === iqn)!;
    return { facts, notices: [] };
  }

  async removeTarget(name: string): Promise<Changed<{ readonly iqn: string }>> {
    const iqn = checkIscsiName(name);
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removeTarget(declared.state, iqn),
    }));
    return { facts: { iqn }, notices: [] };
  }

  async logIn(login: NewLogin): Promise<Changed<LoginFacts>> {
    const accounts = checkAccounts(login);
    if (login.recordOnly) return await recordAlone(this.#keeper, login, accounts);
    const running = this.#running(`a login to ${login.target}`);
    const plan = planLogin(login, running.knownTargets());
    const made = await running.logIn(plan, login, accounts);
    if (login.persistent || made.login.shape.persistent) {
      try {
        await persist(this.#keeper, made, accounts);
      } catch (error) {
        await running.undo(made);
        throw error;
      }
    }
    if (login.policy !== undefined) {
      for (const device of made.login.devices) await this.setPolicy(device.name, login.policy);
    }
    return { facts: this.#loginFacts(running, made.login.target), notices: [] };
  }

  #loginFacts(running: RunningInitiator, target: string): LoginFacts {
    const login = running.login(target)!;
    return {
      target,
      persistent: login.shape.persistent,
      sessions: running.sessionFacts().filter((session) => session.target === target),
      devices: login.devices.map((device) => device.facts()),
    };
  }

  async logOut(choice: LogoutChoice): Promise<Changed<readonly LogoutFacts[]>> {
    const running = this.#running("a logout");
    const { login, sessions } = chosen(running, choice);
    if (!choice.force) { for (const device of login.devices) device.checkMayLose(sessions); }
    const ids = sessions.map(({ id }) => id);
    const { persistent } = login.shape;
    await running.logOut(login, sessions);
    if (persistent) {
      const closed = new Map(sessions.map(({ path: { kept } }) => [kept.isid.toHex(), undefined]));
      await this.#keeper.change((all) => ({ ...all, state: recordOpen(all.state, closed) }));
    }
    const notices = persistent
      ? [
        "it is logged in to again when the service begins; to forget it, " +
        `sanctl initiator persistent remove ${login.target}`,
      ]
      : [];
    return { facts: [{ target: login.target, sessions: ids, persistent }], notices };
  }

  sessions(): Promise<readonly InitiatorSessionFacts[]> {
    return Promise.resolve(this.#keeper.running?.sessionFacts() ?? []);
  }

  async listPersistent(): Promise<readonly PersistentLoginFacts[]> {
    const { logins } = await this.#keeper.state();
    return logins.map((login) => persistentFacts(login, this.#keeper.running));
  }

  async removePersistent(choice: PersistentChoice): Promise<Changed<PersistentLoginFacts>> {
    const { running } = this.#keeper;
    const asked = {
      target: checkIscsiName(choice.target),
      portal: choice.portal === undefined ? undefined : checkPortal(choice.portal),
    };
    const before = await this.#keeper.state();
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removePersistent(declared.state, asked),
    }));
    const after = await this.#keeper.state();
    const isGone = after.logins.every(({ target }) => target !== asked.target);
    const login = running?.login(asked.target);
    if (login !== undefined && isGone) login.shape = { ...login.shape, persistent: false };
    const facts = before.logins.find(({ target }) => target === asked.target)!;
    const notices = login === undefined ? [] : ["its sessions stay open until they are logged out"];
    return { facts: persistentFacts(facts, running), notices };
  }

  async devices(): Promise<readonly InitiatorDeviceFacts[]> {
    const running = this.#running("a list of devices");
    const { devices } = await this.#keeper.state();
    const found = running.devices.all;
    const missing = devices.filter(({ identity }) =>
      !found.some((device) => device.identity === identity)
    );
    return [...found.map((device) => device.facts()), ...missing.map(missingDeviceFacts)];
  }

  async attach(name: string, options: AttachOptions = {}): Promise<Changed<InitiatorDeviceFacts>> {
    const running = this.#running("attaching a device");
    const device = running.findDevice(name);
    if (device.isAttached) {
      throw new ControlError(
        "in-use",
        `device ${device.name} is attached already`,
        "see how: sanctl initiator devices",
      );
    }
    const { readOnly = false, way } = options;
    await this.#declare(running, device, { ...device.declared, attached: { readOnly, way } });
    const notices = running.isPersistent(device)
      ? []
      : ["it is gone when the service ends, since its login is not persistent"];
    return { facts: device.facts(), notices };
  }

  async detach(
    name: string,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<Changed<InitiatorDeviceFacts>> {
    const running = this.#running("detaching a device");
    const device = running.findDevice(name);
    if (!device.isAttached) {
      throw new ControlError("failed", `device ${device.name} is not attached`, undefined);
    }
    const { attached: _, bound, ...declared } = device.declared;
    const notices = await device.detach({ force });
    await this.#declare(running, device, { ...declared, bound: false });
    if (bound) notices.push("it is bound no more");
    return { facts: device.facts(), notices };
  }

  async setPolicy(
    name: string,
    policy: PolicyName,
    options: PolicyOptions = {},
  ): Promise<Changed<InitiatorDeviceFacts>> {
    const running = this.#running("setting a policy");
    const device = running.findDevice(name);
    await this.#declare(running, device, policyOf(device, policy, options));
    return { facts: device.facts(), notices: [] };
  }

  /** Puts it into effect, and remembers it where the device comes back by itself. */
  async #declare(
    running: RunningInitiator,
    device: RunningDevice,
    declared: DeclaredDevice,
  ): Promise<void> {
    const before = device.declared;
    try {
      await device.become(declared);
      if (!running.isPersistent(device)) return;
      await this.#keeper.change((all) => ({ ...all, state: changeDevice(all.state, declared) }));
    } catch (error) {
      if (before.attached === undefined) await device.detach({ force: true });
      await device.become(before);
      throw controlErrorOf(error);
    }
  }

  async bind(): Promise<Changed<BindFacts>> {
    const running = this.#running("binding devices");
    const devices = running.devices.all.filter((device) =>
      device.isAttached && running.isPersistent(device)
    );
    if (devices.length === 0) {
      throw new ControlError(
        "failed",
        "no device of a persistent login is attached",
        "first sanctl initiator login --persistent, and sanctl initiator attach",
      );
    }
    for (const device of devices) {
      await this.#declare(running, device, { ...device.declared, bound: true });
    }
    return { facts: { bound: await this.#bound() }, notices: [] };
  }

  async unbind(name?: string): Promise<Changed<BindFacts>> {
    const { running } = this.#keeper;
    const { devices } = await this.#keeper.state();
    const chosen = devices.filter((device) =>
      device.bound && (name === undefined || device.name === name || device.identity === name)
    );
    if (name !== undefined && chosen.length === 0) {
      throw new ControlError("not-found", `no device ${name} is bound`, "sanctl initiator devices");
    }
    for (const device of chosen) {
      const declared = { ...device, bound: false };
      await this.#keeper.change((all) => ({ ...all, state: changeDevice(all.state, declared) }));
      await running?.devices.get(device.identity)?.become(declared);
    }
    return { facts: { bound: await this.#bound() }, notices: [] };
  }

  async #bound(): Promise<readonly string[]> {
    const { devices } = await this.#keeper.state();
    return devices.filter(({ bound }) => bound).map(({ name }) => name);
  }

  async ask(id: string, question: ScsiQuestion): Promise<ScsiAnswer> {
    const { session } = this.#running("a SCSI command").findSession(id);
    const { askScsi } = await import("./ask_scsi.ts");
    return await askScsi(session, question);
  }

  events(query: EventsQuery = {}, signal?: AbortSignal): Promise<EventsPage> {
    return this.#keeper.events.read(query, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The sessions of a target, or one. */
function chosen(running: RunningInitiator, { target, session: id }: LogoutChoice) {
  if ((target === undefined) === (id === undefined)) {
    throw new ControlError("usage", "either a target or a session is logged out of", undefined);
  }
  if (id !== undefined) {
    const { login, session } = running.findSession(id);
    return { login, sessions: [session] };
  }
  const login = running.login(checkIscsiName(target!));
  if (login !== undefined) return { login, sessions: [...login.sessions] };
  throw new ControlError(
    "not-found",
    `target ${target} is not logged in to`,
    "see the sessions: sanctl initiator sessions",
  );
}
