/** The control of whoever keeps the initiator's declared state: one code for both keepers. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { ControlError } from "../config/control_error.ts";
import { checkedSecret } from "./accounts.ts";
import type {
  AttachOptions,
  BindFacts,
  Changed,
  ConnectionFacts,
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
  NewConnection,
  NewDiscoveryPortal,
  NewLogin,
  NewStaticTarget,
  PersistentChoice,
  PersistentLoginFacts,
  PingFacts,
  PingOptions,
  PolicyName,
  PolicyOptions,
  PortalFacts,
  ScsiAnswer,
  ScsiQuestion,
} from "./control.ts";
import { changeDevice, removePersistent, setName } from "./declared_changes.ts";
import { DiscoveryControl } from "./discovery_control.ts";
import { missingDeviceFacts, persistentFacts } from "./facts_of.ts";
import { checkPortal } from "./host.ts";
import { controlErrorOf, notRunning } from "./initiator_failure.ts";
import { IsnsControl } from "./isns_control.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { policyOf } from "./policy_change.ts";
import type { RunningDevice } from "./running_device.ts";
import type { RunningInitiator } from "./running_initiator.ts";
import { pingPortal, SessionControl } from "./session_control.ts";
import type { DeclaredDevice } from "./schema.ts";

export class KeptInitiatorControl implements InitiatorControl {
  readonly #keeper: InitiatorKeeper;
  readonly #sessions: SessionControl;
  readonly #discovery: DiscoveryControl;
  readonly #isns: IsnsControl;

  constructor(keeper: InitiatorKeeper) {
    this.#keeper = keeper;
    this.#sessions = new SessionControl(keeper, (device, policy) => this.setPolicy(device, policy));
    this.#discovery = new DiscoveryControl(keeper);
    this.#isns = new IsnsControl(keeper);
  }

  #running(what: string): RunningInitiator {
    const { running } = this.#keeper;
    if (running === undefined) throw notRunning(what);
    return running;
  }

  async show(): Promise<InitiatorFacts> {
    const { running, isReady } = this.#keeper;
    const { name, mutualSecret } = await this.#keeper.state();
    return {
      name,
      mutualSecret: mutualSecret !== undefined,
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

  async setMutualSecret(secret?: string): Promise<Changed<InitiatorFacts>> {
    const own = secret === undefined ? undefined : checkedSecret(secret);
    const reference = crypto.randomUUID();
    await this.#keeper.change(({ state: { mutualSecret: _, ...state }, secrets }) => ({
      state: own === undefined ? state : { ...state, mutualSecret: reference },
      secrets: own === undefined ? secrets : new Map([...secrets, [reference, own]]),
    }));
    return { facts: await this.show(), notices: [] };
  }

  listPortals(): Promise<readonly DiscoveryPortalFacts[]> {
    return this.#discovery.listPortals();
  }

  addPortal(portal: NewDiscoveryPortal): Promise<Changed<DiscoveryPortalFacts>> {
    return this.#discovery.addPortal(portal);
  }

  removePortal(portal: PortalFacts): Promise<Changed<PortalFacts>> {
    return this.#discovery.removePortal(portal);
  }

  refreshPortals(portal?: PortalFacts): Promise<readonly DiscoveryPortalFacts[]> {
    return this.#discovery.refreshPortals(portal);
  }

  listIsnsServers(): Promise<readonly IsnsServerFacts[]> {
    return this.#isns.list();
  }

  addIsnsServer(server: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    return this.#isns.add(server);
  }

  removeIsnsServer(server: PortalFacts): Promise<Changed<PortalFacts>> {
    return this.#isns.remove(server);
  }

  refreshIsnsServers(server?: PortalFacts): Promise<readonly IsnsServerFacts[]> {
    return this.#isns.refresh(server);
  }

  listTargets(): Promise<readonly KnownTargetFacts[]> {
    return this.#discovery.listTargets();
  }

  addTarget(target: NewStaticTarget): Promise<Changed<KnownTargetFacts>> {
    return this.#discovery.addTarget(target);
  }

  removeTarget(iqn: string): Promise<Changed<{ readonly iqn: string }>> {
    return this.#discovery.removeTarget(iqn);
  }

  logIn(login: NewLogin): Promise<Changed<LoginFacts>> {
    return this.#sessions.logIn(login);
  }

  logOut(choice: LogoutChoice): Promise<Changed<readonly LogoutFacts[]>> {
    return this.#sessions.logOut(choice);
  }

  addConnection(id: string, connection?: NewConnection): Promise<Changed<ConnectionFacts>> {
    return this.#sessions.addConnection(id, connection);
  }

  removeConnection(id: string, cid: number): Promise<Changed<ConnectionFacts>> {
    return this.#sessions.removeConnection(id, cid);
  }

  sessions(): Promise<readonly InitiatorSessionFacts[]> {
    return Promise.resolve(this.#keeper.running?.sessionFacts() ?? []);
  }

  async listPersistent(): Promise<readonly PersistentLoginFacts[]> {
    const { running } = this.#keeper;
    const { logins } = await this.#keeper.state();
    return logins.map((login) => persistentFacts(login, running?.login(login.target)));
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
    return { facts: persistentFacts(facts, login), notices };
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

  async bind(name?: string): Promise<Changed<BindFacts>> {
    const running = this.#running("binding devices");
    const asked = name === undefined ? running.devices.all : [running.findDevice(name)];
    const devices = asked.filter((device) => device.isAttached && running.isPersistent(device));
    if (devices.length === 0) {
      throw new ControlError(
        "failed",
        name === undefined
          ? "no device of a persistent login is attached"
          : `device ${name} is not attached, or its login is not persistent`,
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

  ping(portal: PortalFacts, options: PingOptions = {}): Promise<PingFacts> {
    return pingPortal(this.#keeper, portal, options);
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
