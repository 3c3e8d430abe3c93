/** The control of a running initiator, over its Unix socket. */
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
} from "../initiator_service/control.ts";
import type { Exchange } from "./exchange.ts";
import { ServiceClient } from "./service_client.ts";
import { socketExchange } from "./socket_exchange.ts";

export function initiatorAtSocket(path: string): InitiatorControl {
  return new InitiatorClient(path, socketExchange(path));
}

export class InitiatorClient implements InitiatorControl {
  readonly #service: ServiceClient;

  /** `name` is what errors call the service. */
  constructor(name: string, exchange: Exchange) {
    this.#service = new ServiceClient(name, exchange, {
      isPrivate: true,
      statusCommand: "sanctl initiator name",
    });
  }

  show(): Promise<InitiatorFacts> {
    return this.#service.call("GET", "/api/initiator");
  }

  setName(name: string): Promise<Changed<InitiatorFacts>> {
    return this.#service.call("PATCH", "/api/initiator", { body: { name } });
  }

  setMutualSecret(secret?: string): Promise<Changed<InitiatorFacts>> {
    return this.#post("/api/initiator/mutual-secret", { secret });
  }

  listPortals(): Promise<readonly DiscoveryPortalFacts[]> {
    return this.#service.list("/api/portals");
  }

  addPortal(portal: NewDiscoveryPortal): Promise<Changed<DiscoveryPortalFacts>> {
    return this.#post("/api/portals", portal);
  }

  removePortal(portal: PortalFacts): Promise<Changed<PortalFacts>> {
    return this.#post("/api/portals/remove", portal);
  }

  refreshPortals(portal?: PortalFacts): Promise<readonly DiscoveryPortalFacts[]> {
    return this.#post("/api/portals/refresh", { portal });
  }

  listIsnsServers(): Promise<readonly IsnsServerFacts[]> {
    return this.#service.list("/api/isns");
  }

  addIsnsServer(server: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    return this.#post("/api/isns", server);
  }

  removeIsnsServer(server: PortalFacts): Promise<Changed<PortalFacts>> {
    return this.#post("/api/isns/remove", server);
  }

  refreshIsnsServers(server?: PortalFacts): Promise<readonly IsnsServerFacts[]> {
    return this.#post("/api/isns/refresh", { server });
  }

  listTargets(): Promise<readonly KnownTargetFacts[]> {
    return this.#service.list("/api/targets");
  }

  addTarget(target: NewStaticTarget): Promise<Changed<KnownTargetFacts>> {
    return this.#post("/api/targets", target);
  }

  removeTarget(iqn: string): Promise<Changed<{ readonly iqn: string }>> {
    return this.#post("/api/targets/remove", { iqn });
  }

  logIn(login: NewLogin): Promise<Changed<LoginFacts>> {
    return this.#post("/api/login", login);
  }

  logOut(choice: LogoutChoice): Promise<Changed<readonly LogoutFacts[]>> {
    return this.#post("/api/logout", choice);
  }

  sessions(): Promise<readonly InitiatorSessionFacts[]> {
    return this.#service.list("/api/sessions");
  }

  addConnection(
    session: string,
    connection: NewConnection = {},
  ): Promise<Changed<ConnectionFacts>> {
    return this.#post("/api/connections", { session, ...connection });
  }

  removeConnection(session: string, cid: number): Promise<Changed<ConnectionFacts>> {
    return this.#post("/api/connections/remove", { session, cid });
  }

  listPersistent(): Promise<readonly PersistentLoginFacts[]> {
    return this.#service.list("/api/persistent");
  }

  removePersistent(choice: PersistentChoice): Promise<Changed<PersistentLoginFacts>> {
    return this.#post("/api/persistent/remove", choice);
  }

  devices(): Promise<readonly InitiatorDeviceFacts[]> {
    return this.#service.list("/api/devices");
  }

  attach(device: string, options: AttachOptions = {}): Promise<Changed<InitiatorDeviceFacts>> {
    return this.#post("/api/devices/attach", { device, ...options });
  }

  detach(
    device: string,
    options: { readonly force?: boolean } = {},
  ): Promise<Changed<InitiatorDeviceFacts>> {
    return this.#post("/api/devices/detach", { device, ...options });
  }

  setPolicy(
    device: string,
    policy: PolicyName,
    options: PolicyOptions = {},
  ): Promise<Changed<InitiatorDeviceFacts>> {
    return this.#post("/api/devices/policy", { device, policy, ...options });
  }

  bind(device?: string): Promise<Changed<BindFacts>> {
    return this.#post("/api/bind", { device });
  }

  unbind(device?: string): Promise<Changed<BindFacts>> {
    return this.#post("/api/unbind", { device });
  }

  ping(portal: PortalFacts, options: PingOptions = {}): Promise<PingFacts> {
    return this.#post("/api/ping", { portal, ...options });
  }

  ask(session: string, question: ScsiQuestion): Promise<ScsiAnswer> {
    return this.#post("/api/ask", { session, question });
  }

  events(query: EventsQuery = {}, signal?: AbortSignal): Promise<EventsPage> {
    return this.#service.call("GET", "/api/events", { query: { ...query }, signal });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #post<T>(path: string, body: object): Promise<T> {
    return this.#service.call("POST", path, { body });
  }
}
