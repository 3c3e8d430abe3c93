/**
 * The control of whatever keeps the declared state: one code, and one set of checks, for both
 * keepers.
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
  SessionChoice,
  SessionFacts,
  StatusFacts,
  TargetChanges,
  TargetFacts,
  TargetPortalFacts,
  VersionFacts,
  VisitorFacts,
} from "./control.ts";
import { createDisk, extendDisk, importDisk, removeDiskAndFile } from "./disk_work.ts";
import {
  allTargetFacts,
  authenticationFacts,
  diskFacts,
  factsOfDisk,
  isnsFacts,
  limitFacts,
  statusFacts,
  targetFacts,
  visitorFacts,
} from "./facts_of.ts";
import { allocatedOctets } from "./allocated_octets.ts";
import { allow, deny } from "./operations/access.ts";
import { attachDisk, detachDisk } from "./operations/attach_disk.ts";
import { assignDisk } from "./operations/assign_disk.ts";
import { chooseSessions, waitMsOf } from "./operations/choose_sessions.ts";
import {
  authenticationOf,
  clearChap,
  clearReverseChap,
  setChap,
  setReverseChap,
} from "./operations/chap.ts";
import { createTarget } from "./operations/create_target.ts";
import { deleteTarget } from "./operations/delete_target.ts";
import { findTarget } from "./operations/find.ts";
import { addIsnsServer, findIsnsServer, removeIsnsServer } from "./operations/isns_servers.ts";
import { moveDisk } from "./operations/move_disk.ts";
import type { Outcome } from "./operations/outcome.ts";
import { PortalControl } from "./portal_control.ts";
import { setDisk } from "./operations/set_disk.ts";
import { setLimits } from "./operations/set_limits.ts";
import { setTarget } from "./operations/set_target.ts";
import { unassignDisk } from "./operations/unassign_disk.ts";
import type { DeclaredState } from "./schema.ts";
import type { Operation, StateKeeper } from "./state_keeper.ts";
import { Schedules } from "./schedules/schedules.ts";
import { Snapshots } from "./snapshots/snapshots.ts";
import { VERSION } from "./version.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";

export class StateControl implements Control {
  readonly snapshots: Snapshots;
  readonly schedules: Schedules;
  readonly #keeper: StateKeeper;
  readonly #portals: PortalControl;

  constructor(keeper: StateKeeper, clock: Clock = systemClock) {
    this.#keeper = keeper;
    this.#portals = new PortalControl(keeper);
    this.snapshots = new Snapshots(keeper, clock);
    this.schedules = new Schedules(keeper);
  }

  createTarget(target: NewTarget): Promise<Changed<TargetFacts>> {
    return this.#changeTarget(target.name, (state) => createTarget(state, target));
  }

  async listTargets(): Promise<readonly TargetFacts[]> {
    const state = await this.#keeper.state();
    return allTargetFacts(state, this.#keeper.observation);
  }

  async showTarget(name: string): Promise<TargetFacts> {
    return targetFacts(await this.#keeper.state(), name, this.#keeper.observation);
  }

  setTarget(
    name: string,
    changes: TargetChanges,
    options: Force = {},
  ): Promise<Changed<TargetFacts>> {
    const asked = { ...changes, force: options.force };
    return this.#changeTarget(
      changes.name ?? name,
      (state) => setTarget(state, name, asked, this.#keeper.observation),
    );
  }

  async deleteTarget(name: string, options: Force = {}): Promise<Changed<DeletedTarget>> {
    const { observation } = this.#keeper;
    let facts: DeletedTarget | undefined;
    const { notices } = await this.#keeper.change((state) => {
      const { iqn } = findTarget(state, name);
      facts = { name, iqn, sessionsEnded: observation.sessionsOf(name) };
      return deleteTarget(state, name, options, observation);
    });
    return { facts: facts!, notices };
  }

  allow(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    return this.#changeTarget(name, (state) => allow(state, name, ids));
  }

  async deny(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    const { observation } = this.#keeper;
    const before = observation.sessions(name);
    const { facts, notices } = await this.#changeTarget(name, (state) => deny(state, name, ids));
    const after = new Set(observation.sessions(name).map(({ id }) => id));
    const ended = before.filter(({ id }) => !after.has(id));
    const said = ended.map(({ id, initiator }) => `session ${id} of ${initiator} is ended`);
    return { facts, notices: [...notices, ...said] };
  }

  async limits(): Promise<readonly LimitFacts[]> {
    return limitFacts(await this.#keeper.state(), this.#keeper.observation);
  }

  async setLimits(changes: LimitChanges): Promise<Changed<readonly LimitFacts[]>> {
    const { state, notices } = await this.#keeper.change((state) => setLimits(state, changes));
    return { facts: limitFacts(state, this.#keeper.observation), notices };
  }

  async initiators(): Promise<readonly VisitorFacts[]> {
    const { visitors } = this.#keeper;
    return visitorFacts(await this.#keeper.state(), await visitors.visitors());
  }

  async sessions(target?: string): Promise<readonly SessionFacts[]> {
    const state = await this.#keeper.state();
    if (target !== undefined) findTarget(state, target);
    return this.#keeper.observation.sessions(target);
  }

  async disconnect(
    choice: SessionChoice,
    { waitSeconds }: DisconnectOptions = {},
  ): Promise<Changed<readonly EndedSession[]>> {
    const chosen = chooseSessions(await this.sessions(choice.target), choice);
    const ids = chosen.map(({ id }) => id);
    const facts = await this.#keeper.endSessions(ids, waitMsOf(waitSeconds));
    const again = "initiators that may log in can come back; sanctl target deny forbids it";
    return { facts, notices: facts.length === 0 ? ["no session is open"] : [again] };
  }

  setChap(
    target: string | undefined,
    chap: NewChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    const { observation } = this.#keeper;
    return this.#changeAuthentication(
      target,
      (state, secrets) =>
        chap === undefined
          ? clearChap(state, target)
          : setChap({ state, secrets }, target, chap, observation),
    );
  }

  setReverseChap(
    target: string | undefined,
    chap: NewReverseChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    return this.#changeAuthentication(
      target,
      (state, secrets) =>
        chap === undefined
          ? clearReverseChap(state, target)
          : setReverseChap({ state, secrets }, target, chap),
    );
  }

  listPortals(): Promise<readonly TargetPortalFacts[]> {
    return this.#portals.list();
  }

  addPortal(portal: NewPortal, options: Force = {}): Promise<Changed<TargetPortalFacts>> {
    return this.#portals.add(portal, options);
  }

  removePortal(portal: PortalFacts, options: Force = {}): Promise<Changed<TargetPortalFacts>> {
    return this.#portals.remove(portal, options);
  }

  setPortal(
    portal: PortalFacts,
    changes: PortalChanges,
    options: Force = {},
  ): Promise<Changed<TargetPortalFacts>> {
    return this.#portals.set(portal, changes, options);
  }

  async listIsnsServers(): Promise<readonly IsnsServerFacts[]> {
    return isnsFacts(await this.#keeper.state(), this.#keeper.observation);
  }

  async addIsnsServer(server: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    const { observation } = this.#keeper;
    const { state } = await this.#keeper.change((state) => addIsnsServer(state, server));
    const added = findIsnsServer(state, server);
    await observation.isnsTried(added);
    const facts = observation.isns(added);
    const later = `it was added, and is tried again: ${facts.error}`;
    return { facts, notices: facts.error === null ? [] : [later] };
  }

  async removeIsnsServer(server: PortalFacts): Promise<Changed<PortalFacts>> {
    const { address, port } = findIsnsServer(await this.#keeper.state(), server);
    const { notices } = await this.#keeper.change((state) => removeIsnsServer(state, server));
    return { facts: { address, port }, notices };
  }

  createDisk(
    disk: NewDisk,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return createDisk(this.#keeper, disk, { onProgress, signal });
  }

  importDisk(disk: ImportedDisk): Promise<Changed<DiskFacts>> {
    return importDisk(this.#keeper, disk);
  }

  async listDisks(): Promise<readonly DiskFacts[]> {
    const state = await this.#keeper.state();
    return state.disks.map((disk) => factsOfDisk(disk, this.#keeper.observation));
  }

  async showDisk(name: string): Promise<DiskFacts> {
    const facts = diskFacts(await this.#keeper.state(), name, this.#keeper.observation);
    return { ...facts, allocated: await allocatedOctets(facts.path) };
  }

  async assignDisk(
    name: string,
    target: string,
    options: AssignOptions = {},
  ): Promise<Changed<DiskFacts>> {
    const { facts, notices } = await this.#changeDisk(
      name,
      (state) => assignDisk(state, name, target, options),
    );
    if (facts.failure === null) return { facts, notices };
    return { facts, notices: [...notices, `disk ${name} is not ready: ${facts.failure}`] };
  }

  unassignDisk(name: string, target?: string, options: Force = {}): Promise<Changed<DiskFacts>> {
    const { observation } = this.#keeper;
    const asked = { disk: name, target, force: options.force };
    return this.#changeDisk(name, (state) => unassignDisk(state, asked, observation));
  }

  extendDisk(
    name: string,
    extension: Extension,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return extendDisk(this.#keeper, name, extension, { onProgress, signal });
  }

  moveDisk(name: string, target: string, options: MoveOptions = {}): Promise<Changed<DiskFacts>> {
    const { observation } = this.#keeper;
    return this.#changeDisk(name, (state) => moveDisk(state, name, target, options, observation));
  }

  attachDisk(name: string, options: AttachOptions = {}): Promise<Changed<DiskFacts>> {
    const { observation } = this.#keeper;
    return this.#changeDisk(name, (state) => attachDisk(state, name, options, observation));
  }

  detachDisk(name: string, { force = false }: Force = {}): Promise<Changed<DiskFacts>> {
    return this.#changeDisk(name, (state) => detachDisk(state, name, force));
  }

  checkDisk(
    name: string,
    options: CheckOptions = {},
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<CheckedDisk>> {
    return this.snapshots.checkDisk(name, options, { onProgress, signal });
  }

  setDisk(name: string, changes: DiskChanges): Promise<Changed<DiskFacts>> {
    return this.#changeDisk(changes.name ?? name, (state) => setDisk(state, name, changes));
  }

  removeDisk(name: string, options: RemoveOptions = {}): Promise<Changed<RemovedDisk>> {
    return removeDiskAndFile(this.#keeper, name, options);
  }

  events(query: EventsQuery = {}, signal?: AbortSignal): Promise<EventsPage> {
    return this.#keeper.events.read(query, signal);
  }

  async export(options: ExportOptions = {}): Promise<ExportFacts> {
    const { exportDocument } = await import("./document/export_document.ts");
    return await exportDocument(this.#keeper, options);
  }

  async apply(
    document: unknown,
    options: ApplyOptions = {},
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<PlanFacts>> {
    const { applyDocument } = await import("./document/apply_document.ts");
    return await applyDocument(this.#keeper, document, options, { onProgress, signal });
  }

  async status(): Promise<StatusFacts> {
    const { directory, observation } = this.#keeper;
    return statusFacts(await this.#keeper.state(), directory, observation);
  }

  version(): Promise<VersionFacts> {
    const platform = `${Deno.build.os} ${Deno.build.arch}`;
    return Promise.resolve({ version: VERSION, deno: Deno.version.deno, platform });
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  async #changeTarget(name: string, operation: (state: DeclaredState) => Outcome) {
    const { state, notices } = await this.#keeper.change(operation);
    return { facts: targetFacts(state, name, this.#keeper.observation), notices };
  }

  async #changeAuthentication(
    target: string | undefined,
    operation: Operation,
  ): Promise<Changed<AuthenticationFacts>> {
    const { state, notices } = await this.#keeper.change(operation);
    return { facts: authenticationFacts(authenticationOf(state, target)), notices };
  }

  async #changeDisk(name: string, operation: (state: DeclaredState) => Outcome) {
    const { state, notices } = await this.#keeper.change(operation);
    return { facts: diskFacts(state, name, this.#keeper.observation), notices };
  }
}
