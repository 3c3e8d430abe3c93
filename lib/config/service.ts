/**
 * The running service: keeps the declared state for as long as it runs, and the targets and disks
 * as that declares. A change is prepared (whatever can fail is done), then saved, then put into
 * effect, which cannot fail: so it happens wholly or not at all.
 */
import type { BlockDevice } from "../block/device.ts";
import { EventLog } from "../events/event_log.ts";
import type { EventSink } from "../events/event_sink.ts";
import { CAPACITY_DATA_HAS_CHANGED, NOT_READY_TO_READY_CHANGE } from "../scsi/sense.ts";
import { announceCondition } from "../target/announce_condition.ts";
import type { Limits } from "../target/limits.ts";
import type { TargetNode } from "../target/node.ts";
import { AbsentDisks } from "./absent_disks.ts";
import type { EndedSession, PortalFacts } from "./control.ts";
import type { DiskFiles, GrowthOptions } from "./disk_files.ts";
import { GuardedDiskFiles } from "./guarded_disk_files.ts";
import { engineLimits } from "./limits.ts";
import { StateLock } from "./lock.ts";
import { noteChanges } from "./note_changes.ts";
import { notePortal } from "./note_portal.ts";
import type { Observation } from "./observation.ts";
import { observeService } from "./observe_service.ts";
import { checkGivenPortals } from "./operations/set_limits.ts";
import { noSuchDisk } from "./operations/find.ts";
import { systemNetwork } from "../isns/network.ts";
import { resolveHost } from "../net/resolve_host.ts";
import { declaredBy, type Outcome } from "./operations/outcome.ts";
import { type PreparedAttachments, RunningAttachments } from "./running_attachments.ts";
import { type DiskSurroundings, RunningDisk } from "./running_disk.ts";
import { RunningDisks } from "./running_disks.ts";
import { type PreparedPortals, RunningPortals, type Sockets } from "./running_portals.ts";
import { isnsIdentifier, RunningIsns } from "./running_isns.ts";
import { RunningSessions } from "./running_sessions.ts";
import { RunningTargets } from "./running_targets.ts";
import type { ScheduleSource } from "./schedules/schedule_source.ts";
import type { DeclaredDisk, DeclaredState } from "./schema.ts";
import type { Declared, SecretBook } from "./secret_book.ts";
import { settle } from "./snapshots/settle.ts";
import { StateControl } from "./state_control.ts";
import { eventsDirectory, visitorFile } from "./state_directory.ts";
import type { FileExchange, Operation, StateKeeper } from "./state_keeper.ts";
import { StateStore } from "./store.ts";
import { noteLogins } from "./login_events.ts";
import { Upkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";
import type { Logger } from "../runtime/logger.ts";
import { VisitorBook } from "./visitors/visitor_book.ts";

export interface ServiceOptions {
  readonly directory: string;
  readonly node: TargetNode;
  readonly files: DiskFiles;
}

export class Service implements StateKeeper {
  readonly directory: string;
  readonly files: DiskFiles;
  readonly observation: Observation;
  /** What happens is noted here, and kept. */
  readonly events: EventLog;
  readonly notes: EventSink;
  readonly upkeep: Upkeep;
  readonly visitors: VisitorBook;
  readonly logger: Logger;
  /** What commands work through. Closing it leaves the service as it is. */
  readonly control: StateControl;
  /** Where the dashboard listens, once it does. */
  http: PortalFacts | null = null;
  readonly #node: TargetNode;
  /** Where none are declared. */
  readonly #standardLimits: Limits;
  readonly #store: StateStore;
  readonly #lock: StateLock;
  readonly #around: DiskSurroundings;
  readonly #portals: RunningPortals;
  readonly #isns: RunningIsns;
  readonly #targets: RunningTargets;
  readonly #sessions: RunningSessions;
  readonly #absent: AbsentDisks;
  readonly #attachments: RunningAttachments;
  readonly #disks: RunningDisks;
  #state: DeclaredState;
  #secrets: SecretBook;
  #names = new Map<string, RunningDisk>();
  /** The last change that was asked for; the next one begins when it is done. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    { directory, node, files }: ServiceOptions,
    lock: StateLock,
    store: StateStore,
    { state, secrets }: Declared,
  ) {
    this.directory = directory;
    this.files = new GuardedDiskFiles(files, (path) => this.#attachments.under(path));
    this.#node = node;
    this.#standardLimits = node.limits;
    this.#lock = lock;
    this.#store = store;
    this.#state = state;
    this.#secrets = secrets;
    const { clock, logger } = node;
    this.events = new EventLog({ directory: eventsDirectory(directory), clock, logger });
    this.notes = this.events;
    this.#around = {
      files,
      reservationDirectory: `${directory}/reservations`,
      logger,
      events: this.events,
      clock,
      nameOf: (uuid) => this.#state.disks.find((disk) => disk.uuid === uuid)?.name ?? uuid,
    };
    this.#disks = new RunningDisks(this.#around);
    this.#portals = new RunningPortals(node, (name, failure) => {
      this.#isns.refresh();
      notePortal(this, name, failure);
    });
    this.#isns = new RunningIsns({
      ...{ node, events: this.events, resolve: resolveHost },
      network: systemNetwork(clock, logger),
      identifier: () => isnsIdentifier(this.#state.iqnBase, directory),
    });
    this.#targets = new RunningTargets(node);
    this.#sessions = new RunningSessions(node, this.#targets);
    this.logger = logger;
    this.visitors = new VisitorBook(visitorFile(directory), node);
    noteLogins(node, this.events, () => this.#state.targets);
    this.#absent = new AbsentDisks({
      clock: node.clock,
      absent: () => this.#state.disks.filter(({ uuid }) => this.#disks.standIn(uuid) !== undefined),
      tryAgain: (disk) => this.#tryAgain(disk),
    });
    const disk = (uuid: string) => this.#disks.get(uuid);
    this.#attachments = new RunningAttachments({ directory, clock, logger, disk });
    this.observation = observeService({
      ...{ node, targets: this.#targets, sessions: this.#sessions },
      startedAt: clock.now().toISOString(),
      ...{ portals: this.#portals, isns: this.#isns, attachments: this.#attachments },
      disk: (name) => this.#names.get(name),
      http: () => this.http,
      troubles: () => this.upkeep.troubles(),
    });
    this.control = new StateControl(this, clock);
    this.upkeep = new Upkeep({
      ...{ directory, clock, logger, events: this.events },
      snapshots: this.control.snapshots,
      state: () => this.#state,
    });
  }

  /**
   * Takes the state directory, opens the disks and sets up the targets. Nobody can come before
   * `listen` is called.
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const lock = await StateLock.take(options.directory, "service");
    try {
      const store = new StateStore(options.directory);
      const service = new Service(options, lock, store, await store.loadAll());
      await settle(service);
      await service.#open();
      service.control.snapshots.resume();
      return service;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Lets initiators come: to the portals that are given, if any are, else to the declared ones. */
  listen(sockets: Sockets, given?: readonly PortalFacts[]): readonly PortalFacts[] {
    checkGivenPortals(this.#state, given?.length ?? 0);
    this.#portals.open(sockets, this.#state.portals, given);
    this.#isns.open(this.#state.isnsServers);
    return this.#portals.listening;
  }

  /** Nobody is told any more that there are targets here. */
  withdraw(): Promise<void> {
    return this.#isns.close();
  }

  /**
   * Flushes and closes the disks and gives the state directory back. Sessions have ended before.
   */
  async stop(): Promise<void> {
    this.#absent.stop();
    this.#portals.close();
    await this.upkeep.stop();
    await this.control.snapshots.stop();
    await this.#last;
    await this.#attachments.stop();
    await this.#disks.closeAll();
    this.events.note("service-stopped", {});
    await Promise.all([this.events.close(), this.visitors.close()]);
    this.#lock.release();
  }

  get schedules(): ScheduleSource {
    return this.upkeep.schedules;
  }

  state(): Promise<DeclaredState> {
    return Promise.resolve(this.#state);
  }

  secrets(): Promise<SecretBook> {
    return Promise.resolve(this.#secrets);
  }

  change(operation: Operation): Promise<Outcome> {
    return this.#inTurn(() => this.#change(operation));
  }

  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    const running = this.#disks.get(disk.uuid);
    if (running === undefined) throw noSuchDisk(disk.name);
    await running.grow(disk, size, options);
    this.events.note("disk-extended", { disk: disk.name, size });
    announceCondition(this.#node.targets.values(), running.unit, CAPACITY_DATA_HAS_CHANGED);
  }

  exchange(uuids: readonly string[], exchange: FileExchange): Promise<Outcome> {
    return this.#inTurn(() => this.#exchange(uuids, exchange));
  }

  async look<T>(
    { uuid }: DeclaredDisk,
    look: (device: BlockDevice, closed: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const running = this.#disks.get(uuid);
    return running?.isOpen ? await running.look(this.#declared(uuid), look) : undefined;
  }

  async reopen({ uuid }: DeclaredDisk): Promise<void> {
    if (this.#disks.standIn(uuid) !== undefined) await this.#tryAgain(this.#declared(uuid));
  }

  endSessions(ids: readonly string[], waitMs: number): Promise<readonly EndedSession[]> {
    return this.#sessions.end(ids, waitMs);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #open(): Promise<void> {
    await Promise.all([this.visitors.load(), this.upkeep.schedules.load()]);
    this.events.note("service-started", { version: VERSION, pid: Deno.pid });
    await this.#disks.openAll(this.#state.disks);
    await this.#takeEffect({ state: this.#state, secrets: this.#secrets });
    await this.#attachments.begin();
    await this.#attachments.restore(this.#state.disks);
    this.#absent.watch();
  }

  /** Opens a disk that could not be; whoever changes the state meanwhile does not wait for that. */
  async #tryAgain(disk: DeclaredDisk): Promise<void> {
    let opened: RunningDisk;
    try {
      await this.control.snapshots.settle();
      opened = await RunningDisk.open(this.#declared(disk.uuid), this.#around);
    } catch (error) {
      return this.#disks.standIn(disk.uuid)?.stillFails(error);
    }
    await this.#inTurn(() => this.#arrive(disk.uuid, opened));
  }

  /** The disk is there at last, unless it has been removed or the service has ended. */
  async #arrive(uuid: string, opened: RunningDisk): Promise<void> {
    const standIn = this.#disks.standIn(uuid);
    if (standIn === undefined) return await this.#disks.close(uuid, opened);
    const { name } = this.#state.disks.find((each) => each.uuid === uuid)!;
    this.#disks.add(new Map([[uuid, opened]]));
    this.#names.set(name, opened);
    this.#targets.replace(standIn.unit, opened.unit);
    await this.#disks.close(uuid, standIn);
    this.#node.logger.info("a disk is there now", { disk: name });
    this.events.note("disk-present", { disk: name });
    await this.#attachments.restore([this.#declared(uuid)]);
  }

  async #change(operation: Operation): Promise<Outcome> {
    const outcome = operation(this.#state, this.#secrets);
    const declared = declaredBy(outcome, this.#secrets);
    const opened = await this.#disks.openNew(outcome.state.disks);
    let portals: PreparedPortals | undefined;
    let attachments: PreparedAttachments | undefined;
    try {
      this.#targets.holdFrom(this.#state, outcome.state);
      portals = await this.#portals.prepare(outcome.state.portals);
      attachments = await this.#attach(outcome, opened);
      await this.#store.save(declared);
    } catch (error) {
      await attachments?.undo();
      await portals?.undo();
      this.#targets.hold(this.#state);
      await this.#disks.abandon(opened);
      throw error;
    }
    await portals.commit();
    noteChanges(this.events, this.#state, declared.state);
    await this.#takeEffect(declared);
    return { ...outcome, notices: [...outcome.notices, ...attachments.notices] };
  }

  async #attach(
    { state, force = false }: Outcome,
    opened: ReadonlyMap<string, RunningDisk>,
  ): Promise<PreparedAttachments> {
    this.#disks.add(opened);
    return await this.#attachments.prepare(this.#state, state, force);
  }

  async #exchange(uuids: readonly string[], exchange: FileExchange): Promise<Outcome> {
    const halted: string[] = [];
    try {
      const there = exchange.mayBeAbsent
        ? uuids.filter((uuid) => this.#disks.standIn(uuid) === undefined)
        : uuids;
      const ready = there.map((uuid) => this.#disks.ready(this.#declared(uuid)));
      halted.push(...there);
      await Promise.all(ready.map((disk, at) => disk.halt(this.#declared(there[at]!))));
      return await this.#exchangeFiles(exchange);
    } finally {
      await Promise.all(halted.map((uuid) => this.#resume(uuid, exchange.isNews ?? false)));
      if (halted.length > 0) this.#absent.watch();
    }
  }

  async #exchangeFiles(exchange: FileExchange): Promise<Outcome> {
    const before = this.#state;
    const save = async (state: DeclaredState): Promise<void> => {
      await this.#store.save({ state, secrets: this.#secrets });
      this.#state = state;
    };
    let outcome: Outcome;
    try {
      outcome = await exchange.run(before, save);
      await save(outcome.state);
    } catch (error) {
      await exchange.undo();
      throw error;
    }
    noteChanges(this.events, before, outcome.state);
    this.upkeep.snapshotSpace.look();
    return outcome;
  }

  async #resume(uuid: string, isNews: boolean): Promise<void> {
    const { unit } = await this.#disks.resume(this.#declared(uuid));
    if (!isNews) return;
    announceCondition(this.#node.targets.values(), unit, NOT_READY_TO_READY_CHANGE);
  }

  #declared(uuid: string): DeclaredDisk {
    const disk = this.#state.disks.find((each) => each.uuid === uuid);
    if (disk === undefined) throw noSuchDisk(uuid);
    return disk;
  }

  async #takeEffect(declared: Declared): Promise<void> {
    const { state } = declared;
    const strayed = state.portals === this.#state.portals ? undefined : this.#portals.endStrayed();
    this.#state = state;
    this.#secrets = declared.secrets;
    this.#names = new Map(state.disks.map(({ name, uuid }) => [name, this.#disks.get(uuid)!]));
    this.#node.limits = engineLimits(this.#standardLimits, state.limits);
    await Promise.all([this.#targets.reconcile(declared, this.#disks.byUuid), strayed]);
    this.#isns.reconcile(state.isnsServers);
    await this.#disks.closeGone(state.disks);
    this.upkeep.reconcile(state);
  }
}
