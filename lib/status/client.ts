/**
 * The control of a running service, over its Unix socket or a TCP address. Kept light, since every
 * thin command loads it: no validation but of what decides its own course.
 */
import type {
  ApplyOptions,
  AssignOptions,
  AttachOptions,
  AuthenticationFacts,
  Changed,
  CheckedDisk,
  CheckOptions,
  Control,
  DeletedTarget,
  DisconnectOptions,
  DiskChanges,
  DiskFacts,
  EndedSession,
  EventsPage,
  EventsQuery,
  ExportFacts,
  ExportOptions,
  Extension,
  Force,
  ImportedDisk,
  IsnsServerFacts,
  LimitChanges,
  LimitFacts,
  MoveOptions,
  NewChap,
  NewDisk,
  NewPortal,
  NewReverseChap,
  NewTarget,
  PlanFacts,
  PortalChanges,
  PortalFacts,
  Progress,
  RemovedDisk,
  RemoveOptions,
  ScheduleControl,
  SessionChoice,
  SessionFacts,
  SnapshotControl,
  StatusFacts,
  TargetChanges,
  TargetFacts,
  TargetPortalFacts,
  VersionFacts,
  VisitorFacts,
} from "../config/control.ts";
import { isName } from "../config/names.ts";
import { noSuchDisk, noSuchTarget } from "../config/operations/find.ts";
import type { Exchange } from "./exchange.ts";
import { fetchExchange } from "./fetch_exchange.ts";
import { ServiceClient, type ServiceClientOptions } from "./service_client.ts";
import { ScheduleClient } from "./schedule_client.ts";
import { SnapshotClient } from "./snapshot_client.ts";
import { socketExchange } from "./socket_exchange.ts";

/** The control of the service that listens on a Unix socket. */
export function clientAtSocket(path: string): Control {
  return new ControlClient(path, socketExchange(path), { isPrivate: true });
}

/** The same by way of a tunnel, which ends with it; `name` is what errors call the service. */
export function clientThrough(
  name: string,
  tunnel: { readonly socket: string; close(): Promise<void> },
): Control {
  const release = () => tunnel.close();
  return new ControlClient(name, socketExchange(tunnel.socket), { isPrivate: true, release });
}

/** The control of the service at `http://HOST:PORT`, where it can be looked at and not changed. */
export function clientAtUrl(origin: string): Control {
  return new ControlClient(origin, fetchExchange(origin));
}

export interface ControlClientOptions extends ServiceClientOptions {
  /** What is let go of when it is closed. */
  readonly release?: () => Promise<void>;
}

export class ControlClient implements Control {
  readonly snapshots: SnapshotControl;
  readonly schedules: ScheduleControl;
  readonly #service: ServiceClient;
  readonly #release: () => Promise<void>;

  /** See {@link ServiceClient}. */
  constructor(name: string, exchange: Exchange, options: ControlClientOptions = {}) {
    const { release = () => Promise.resolve(), ...rest } = options;
    this.#release = release;
    this.#service = new ServiceClient(name, exchange, rest);
    this.snapshots = new SnapshotClient(this.#service);
    this.schedules = new ScheduleClient(this.#service);
  }

  createTarget(target: NewTarget): Promise<Changed<TargetFacts>> {
    return this.#service.call("POST", "/api/targets", { body: target });
  }

  listTargets(): Promise<readonly TargetFacts[]> {
    return this.#service.list("/api/targets");
  }

  async showTarget(name: string): Promise<TargetFacts> {
    return await this.#service.call("GET", targetPath(name));
  }

  async setTarget(
    name: string,
    changes: TargetChanges,
    options: Force = {},
  ): Promise<Changed<TargetFacts>> {
    return await this.#service.call("PATCH", targetPath(name), {
      query: { ...options },
      body: changes,
    });
  }

  async deleteTarget(name: string, options: Force = {}): Promise<Changed<DeletedTarget>> {
    return await this.#service.call("DELETE", targetPath(name), { query: { ...options } });
  }

  async allow(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    return await this.#service.call("POST", `${targetPath(name)}/allow`, { body: { ids } });
  }

  async deny(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    return await this.#service.call("POST", `${targetPath(name)}/deny`, { body: { ids } });
  }

  async setChap(
    target: string | undefined,
    chap: NewChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    return await this.#setSecret(`${authenticationPath(target)}/chap`, chap);
  }

  async setReverseChap(
    target: string | undefined,
    chap: NewReverseChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    return await this.#setSecret(`${authenticationPath(target)}/reverse-chap`, chap);
  }

  limits(): Promise<readonly LimitFacts[]> {
    return this.#service.call("GET", "/api/limits");
  }

  setLimits(changes: LimitChanges): Promise<Changed<readonly LimitFacts[]>> {
    return this.#service.call("PATCH", "/api/limits", { body: { changes } });
  }

  initiators(): Promise<readonly VisitorFacts[]> {
    return this.#service.list("/api/initiators");
  }

  sessions(target?: string): Promise<readonly SessionFacts[]> {
    return this.#service.list("/api/sessions", { target });
  }

  disconnect(
    choice: SessionChoice,
    options: DisconnectOptions = {},
  ): Promise<Changed<readonly EndedSession[]>> {
    return this.#service.call("POST", "/api/sessions/disconnect", {
      body: { ...choice, ...options },
    });
  }

  listPortals(): Promise<readonly TargetPortalFacts[]> {
    return this.#service.list("/api/portals");
  }

  addPortal(portal: NewPortal, options: Force = {}): Promise<Changed<TargetPortalFacts>> {
    return this.#service.call("POST", "/api/portals", { query: { ...options }, body: portal });
  }

  removePortal(
    { address, port }: PortalFacts,
    options: Force = {},
  ): Promise<Changed<TargetPortalFacts>> {
    const body = { address, port };
    return this.#service.call("POST", "/api/portals/remove", { query: { ...options }, body });
  }

  setPortal(
    { address, port }: PortalFacts,
    changes: PortalChanges,
    options: Force = {},
  ): Promise<Changed<TargetPortalFacts>> {
    const body = { portal: { address, port }, ...changes };
    return this.#service.call("PATCH", "/api/portals", { query: { ...options }, body });
  }

  listIsnsServers(): Promise<readonly IsnsServerFacts[]> {
    return this.#service.list("/api/isns");
  }

  addIsnsServer({ address, port }: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    return this.#service.call("POST", "/api/isns", { body: { address, port } });
  }

  removeIsnsServer({ address, port }: PortalFacts): Promise<Changed<PortalFacts>> {
    return this.#service.call("POST", "/api/isns/remove", { body: { address, port } });
  }

  createDisk(
    disk: NewDisk,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return this.#service.long("/api/disks", disk, { onProgress, signal });
  }

  importDisk(disk: ImportedDisk): Promise<Changed<DiskFacts>> {
    return this.#service.call("POST", "/api/disks/import", { body: disk });
  }

  listDisks(): Promise<readonly DiskFacts[]> {
    return this.#service.list("/api/disks");
  }

  async showDisk(name: string): Promise<DiskFacts> {
    return await this.#service.call("GET", diskPath(name));
  }

  async assignDisk(
    name: string,
    target: string,
    options: AssignOptions = {},
  ): Promise<Changed<DiskFacts>> {
    const body = { target, ...options };
    return await this.#service.call("POST", `${diskPath(name)}/assign`, { body });
  }

  async unassignDisk(
    name: string,
    target?: string,
    options: Force = {},
  ): Promise<Changed<DiskFacts>> {
    const body = { target, ...options };
    return await this.#service.call("POST", `${diskPath(name)}/unassign`, { body });
  }

  async extendDisk(
    name: string,
    extension: Extension,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return await this.#service.long(`${diskPath(name)}/extend`, extension, { onProgress, signal });
  }

  async checkDisk(
    name: string,
    options: CheckOptions = {},
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<CheckedDisk>> {
    return await this.#service.long(`${diskPath(name)}/check`, options, { onProgress, signal });
  }

  async moveDisk(
    name: string,
    target: string,
    options: MoveOptions = {},
  ): Promise<Changed<DiskFacts>> {
    return await this.#service.call("POST", `${diskPath(name)}/move`, {
      body: { target, ...options },
    });
  }

  async attachDisk(name: string, options: AttachOptions = {}): Promise<Changed<DiskFacts>> {
    return await this.#service.call("POST", `${diskPath(name)}/attach`, { body: options });
  }

  async detachDisk(name: string, options: Force = {}): Promise<Changed<DiskFacts>> {
    return await this.#service.call("POST", `${diskPath(name)}/detach`, { body: options });
  }

  async setDisk(name: string, changes: DiskChanges): Promise<Changed<DiskFacts>> {
    return await this.#service.call("PATCH", diskPath(name), { body: changes });
  }

  async removeDisk(name: string, options: RemoveOptions = {}): Promise<Changed<RemovedDisk>> {
    return await this.#service.call("DELETE", diskPath(name), { query: { ...options } });
  }

  events(query: EventsQuery = {}, signal?: AbortSignal): Promise<EventsPage> {
    return this.#service.call("GET", "/api/events", { query: { ...query }, signal });
  }

  async export({ secrets, ...choice }: ExportOptions = {}): Promise<ExportFacts> {
    if (!secrets) {
      const query = { targets: choice.targets?.join(",") };
      return await this.#service.call("GET", "/api/export", { query });
    }
    this.#service.requirePrivate();
    return await this.#service.call("POST", "/api/export/secrets", { body: choice });
  }

  async apply(
    document: unknown,
    options: ApplyOptions = {},
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<PlanFacts>> {
    // There may be secrets in it.
    this.#service.requirePrivate();
    return await this.#service.long("/api/apply", { document, ...options }, { onProgress, signal });
  }

  status(): Promise<StatusFacts> {
    return this.#service.call("GET", "/api/status");
  }

  version(): Promise<VersionFacts> {
    return this.#service.call("GET", "/api/version");
  }

  close(): Promise<void> {
    return this.#release();
  }

  async #setSecret<T>(path: string, body: NewReverseChap | undefined): Promise<T> {
    if (body === undefined) return await this.#service.call("DELETE", path);
    this.#service.requirePrivate();
    return await this.#service.call("POST", path, { body });
  }
}

/** A name that could not be one would be taken for a part of the path. */
function targetPath(name: string): string {
  if (!isName(name)) throw noSuchTarget(name);
  return `/api/targets/${name}`;
}

/** Without a target: that of discovery. */
function authenticationPath(target: string | undefined): string {
  return target === undefined ? "/api/discovery" : targetPath(target);
}

function diskPath(name: string): string {
  if (!isName(name)) throw noSuchDisk(name);
  return `/api/disks/${name}`;
}
