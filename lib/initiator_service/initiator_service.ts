/**
 * The initiator's service: keeps what is declared for as long as it runs, and restores from it,
 * with patience, what was there when it ended.
 */
import { StateLock } from "../config/lock.ts";
import { eventsDirectory } from "../config/state_directory.ts";
import { EventLog } from "../events/event_log.ts";
import type { EventReader } from "../events/read_events.ts";
import type { MultipathSettings } from "../initiator/multipath/settings.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import { Bell } from "../runtime/bell.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { InitiatorControl } from "./control.ts";
import { forgetPassing, recordOpen } from "./declared_changes.ts";
import { messageOf } from "./initiator_failure.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { KeptInitiatorControl } from "./kept_initiator_control.ts";
import { RunningInitiator } from "./running_initiator.ts";
import type { DeclaredInitiator } from "./schema.ts";
import { type Declared, InitiatorStore } from "./store.ts";

export interface InitiatorServiceOptions {
  readonly directory: string;
  readonly makeNode: (name: string) => InitiatorNode;
  readonly settings: MultipathSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class InitiatorService implements InitiatorKeeper {
  readonly running: RunningInitiator;
  /** What commands work through. Closing it leaves the service as it is. */
  readonly control: InitiatorControl;
  readonly #logger: Logger;
  readonly #log: EventLog;
  readonly #lock: StateLock;
  readonly #store: InitiatorStore;
  readonly #bell = new Bell();
  #declared: Declared;
  /** The last change that was asked for; the next one begins when it is done. */
  #last: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  #stopping: Promise<void> | undefined;

  private constructor(
    options: InitiatorServiceOptions,
    lock: StateLock,
    store: InitiatorStore,
    declared: Declared,
  ) {
    const { directory, makeNode, settings, clock, logger } = options;
    this.#logger = logger;
    this.#lock = lock;
    this.#store = store;
    this.#declared = declared;
    this.#log = new EventLog({ directory: eventsDirectory(directory), clock, logger });
    this.running = new RunningInitiator({
      ...{ makeNode, settings, events: this.#log },
      directory,
      state: () => this.#declared.state,
      onChange: () => this.#changed(),
    });
    this.control = new KeptInitiatorControl(this);
  }

  /** Takes the directory, and begins to restore what is declared. */
  static async start(options: InitiatorServiceOptions): Promise<InitiatorService> {
    const lock = await StateLock.take(options.directory, "service");
    try {
      const store = new InitiatorStore(options.directory);
      const service = new InitiatorService(options, lock, store, await store.loadAll());
      await service.#forgetPassing();
      await service.running.start(service.#declared);
      return service;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  #forgetPassing(): Promise<void> {
    return this.change((declared) => {
      const state = forgetPassing(declared.state);
      return state === declared.state ? declared : { ...declared, state };
    });
  }

  get events(): EventReader {
    return this.#log;
  }

  state(): Promise<DeclaredInitiator> {
    return Promise.resolve(this.#declared.state);
  }

  declared(): Promise<Declared> {
    return Promise.resolve(this.#declared);
  }

  change(operation: (declared: Declared) => Declared): Promise<void> {
    const turn = this.#last.then(async () => {
      const next = operation(this.#declared);
      if (next === this.#declared) return;
      await this.#store.save(next);
      this.#declared = next;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Bound devices that are not there. */
  get missing(): readonly string[] {
    const bound = this.#declared.state.devices.filter((device) => device.bound);
    return bound.filter(({ identity }) => this.running.devices.get(identity)?.isReady !== true)
      .map(({ name }) => name);
  }

  get isReady(): boolean {
    return this.missing.length === 0;
  }

  /** Resolves when all bound devices are there, or the service ends. */
  async ready(): Promise<void> {
    for (;;) {
      const { rung } = this.#bell;
      if (this.isReady || this.#isStopping) return;
      await rung;
    }
  }

  /** Tells which bound devices are still not there. */
  complain(seconds: number): void {
    for (const device of this.missing) {
      const reason = `it is bound, and was not there within ${seconds} s`;
      this.#log.note("device-not-ready", { device, reason });
      this.#logger.error("a bound device is not there", { device, seconds });
    }
  }

  /** A session was opened or lost, or a device found. */
  #changed(): void {
    if (this.#isStopping) return;
    this.#recordOpen();
    for (const device of this.running.devices.all) this.#attach(device);
    this.#bell.ring();
  }

  async #attach(device: RunningInitiator["devices"]["all"][number]): Promise<void> {
    if (device.isAttached || device.declared.attached === undefined) return;
    try {
      await device.become(device.declared);
      this.#bell.ring();
    } catch (error) {
      // It is tried again when a session is opened.
      this.#logger.warn("a device cannot be attached", {
        device: device.name,
        reason: messageOf(error),
      });
    }
  }

  /**
   * In which portal groups there are sessions: should this process be killed, the next one has to
   * end what is left of them before it writes.
   */
  #recordOpen(): void {
    const open = new Map<string, number | undefined>();
    for (const { shape, sessions } of this.running.logins) {
      if (!shape.persistent) continue;
      for (const { path: { kept } } of sessions) {
        const group = kept.session?.targetPortalGroupTag;
        if (group !== undefined) open.set(kept.isid.toHex(), group);
      }
    }
    this.#record(open);
  }

  #record(open: ReadonlyMap<string, number | undefined>): Promise<void> {
    const isKnown = this.#declared.state.logins.every(({ paths }) =>
      paths.every(({ isid, openIn }) => !open.has(isid) || open.get(isid) === openIn)
    );
    if (isKnown) return Promise.resolve();
    return this.change((declared) => ({ ...declared, state: recordOpen(declared.state, open) }))
      .catch((error) =>
        this.#logger.error("cannot record which sessions are open", { reason: messageOf(error) })
      );
  }

  /**
   * Flushes and detaches the devices, logs out, and gives the directory back. Called again
   * meanwhile, it waits for no target any more.
   */
  stop(): Promise<void> {
    if (this.#stopping !== undefined) this.running.hurry();
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#bell.ring();
    this.#log.letGo();
    const kept = this.running.logins.flatMap(({ sessions }) =>
      sessions.map(({ path }) => path.kept)
    );
    await this.running.stop();
    // What a target has not confirmed may still be there, with writes under way.
    const left = kept.filter(({ hasLeft }) => hasLeft).map(({ isid }) => isid.toHex());
    await this.#record(new Map(left.map((isid) => [isid, undefined])));
    await this.#last;
    await this.#log.close();
    this.#lock.release();
  }
}
