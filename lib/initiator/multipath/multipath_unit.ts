/**
 * One logical unit over several sessions. A command that is lost with one is carried out through
 * another, so that whoever asked does not notice; and no write that was answered is ever undone by
 * what is left of an earlier one on a path that died.
 */
import type { EventSink } from "../../events/event_sink.ts";
import { Bell } from "../../runtime/bell.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { RangeLocks, type Release } from "../../block/range_locks.ts";
import { CommandFailure, type CommandRequest, type CommandResult } from "../command.ts";
import { judge } from "../status_policy.ts";
import { TEST_UNIT_READY } from "../unit_commands.ts";
import { UnitError } from "../unit_error.ts";
import type { Ask, UnitFacts } from "../unit_facts.ts";
import type { UnitRoute, UnitRouteObserver } from "../unit_route.ts";
import { Admission } from "./admission.ts";
import type { Lifetime } from "./lifetime.ts";
import { Path, type PathOptions } from "./path.ts";
import { PathSelection } from "./path_selection.ts";
import type { PolicyName } from "./policies.ts";
import type { MultipathSettings } from "./settings.ts";
import type { Way, WayObserver } from "./way.ts";
import { type BlockRange, writtenRange } from "./written_range.ts";

export interface MultipathUnitOptions {
  /** What events and messages call it. */
  readonly name: string;
  readonly policy: PolicyName;
  readonly settings: MultipathSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
  /** Who the unit has to be; else whoever it is when it is first reached. */
  readonly identity?: string | undefined;
}

/** How often a command is tried again: after the loss of a path, and for other reasons. */
const MOST_LOSSES = 16;
const MOST_AGAIN = 8;
/** Where a port is not active, for as long as that takes. */
const MOST_ELSEWHERE = 1000;

/** A command on its way through one path after the other. */
class Errand {
  readonly request: CommandRequest;
  readonly blocks: number;
  losses = 0;
  again = 0;
  elsewhere = 0;
  /** Sessions that it was lost with: the target may still carry it out. */
  lost: Lifetime[] | undefined;

  constructor(request: CommandRequest, blocks: number) {
    this.request = request;
    this.blocks = blocks;
  }
}

export class MultipathUnit implements UnitRoute {
  readonly name: string;
  readonly observers: Set<UnitRouteObserver> = new Set();
  readonly #options: MultipathUnitOptions;
  readonly #selection: PathSelection;
  readonly #admission: Admission;
  readonly #watches = new Map<Path, WayObserver>();
  readonly #ranges = new RangeLocks();
  readonly #bell = new Bell();
  /** Somebody looks whether all is there that the unit had acknowledged: nothing goes on. */
  #holds = 0;
  #isClosed = false;
  /** There was no path for too long: nothing waits any more. */
  #isOffline = false;
  #callOffPatience: (() => void) | undefined;

  constructor(options: MultipathUnitOptions) {
    const { name, policy, settings, events, clock, logger, identity } = options;
    const { failBack, quarantineMs } = settings;
    this.name = name;
    this.#options = options;
    this.#selection = new PathSelection({
      ...{ device: name, policy, events, failBack },
      onCome: (_path, settleMs) => {
        if (settleMs > 0) clock.after(settleMs, () => this.#arrange());
      },
    });
    this.#admission = new Admission({
      ...{ device: name, paths: this.#selection.paths, quarantineMs, clock, logger, events },
      identity,
      onChange: () => this.#arrange(),
      onFacts: (_facts, before) => {
        if (before !== undefined) this.#tell((observer) => observer.factsChanged?.(before));
      },
    });
    this.#arrange();
  }

  get where(): string {
    return `device ${this.name}`;
  }

  /** What the unit is; undefined before it was first reached. */
  get facts(): UnitFacts | undefined {
    return this.#admission.facts;
  }

  get paths(): readonly Path[] {
    return this.#selection.paths;
  }

  get policy(): PolicyName {
    return this.#selection.policy;
  }

  /** Also while commands are under way. */
  set policy(name: PolicyName) {
    this.#selection.policy = name;
    this.#arrange();
  }

  /** There is a path. */
  get isUsable(): boolean {
    return !this.#selection.isEmpty;
  }

  /** There is a path, or commands still wait for one. */
  get isOnline(): boolean {
    return !this.#isOffline;
  }

  /** Which path is the first to be used; without a name, the one that was added first. */
  prefer(name: string | undefined): void {
    this.#selection.prefer(name);
    this.#arrange();
  }

  /** Adds a path; it is used when it turns out to lead to the unit. */
  add(options: PathOptions): Path {
    const { clock, settings } = this.#options;
    const path = new Path(options, clock, settings);
    const watch: WayObserver = {
      stateChanged: () => this.#admission.stateChanged(path),
      attention: (sense) => this.#admission.attention(path, sense),
      cacheSuspected: (ask) => this.#cacheSuspected(path, ask),
      deferredError: (sense) => this.#tell((observer) => observer.deferredError?.(sense)),
    };
    const { last } = options.succession;
    if (last?.isDoubted) this.#holdWrites(last);
    this.#selection.add(path);
    this.#watches.set(path, watch);
    path.way.observers.add(watch);
    this.#admission.stateChanged(path);
    return path;
  }

  /** Whatever was lost with that session may have been written anywhere. */
  async #holdWrites(lost: Lifetime): Promise<void> {
    releaseWhenExtinct([lost], await this.#ranges.exclusive(0, Infinity));
  }

  /** Uses a path no more. */
  remove(path: Path): void {
    if (!this.#selection.remove(path)) return;
    this.#forget(path);
    this.#arrange();
  }

  #forget(path: Path): void {
    path.way.observers.delete(this.#watches.get(path)!);
    this.#watches.delete(path);
  }

  /** Sessions are not its own. Commands that wait fail. */
  close(): void {
    this.#isClosed = true;
    this.#admission.close();
    this.#callOffPatience?.();
    for (const path of this.paths) this.#forget(path);
    this.#bell.ring();
  }

  #tell(say: (observer: UnitRouteObserver) => void): void {
    for (const observer of [...this.observers]) say(observer);
  }

  /**
   * A target that has been restarted has none of its sessions left. So if one that was there before
   * still answers, what a new one hears at its beginning means nothing.
   */
  async #cacheSuspected(suspicious: Path, ask: Ask): Promise<void> {
    for (const path of this.paths) {
      if (path === suspicious || path.way.state !== "usable") continue;
      if (await answers(path.way)) return;
    }
    this.#holds++;
    try {
      for (const observer of [...this.observers]) await observer.cacheSuspected?.(ask);
    } finally {
      this.#holds--;
      this.#bell.ring();
    }
  }

  /** Resolves with the facts once it can be used; fails where it cannot for too long. */
  async ready(): Promise<UnitFacts> {
    await this.#somePath();
    return this.facts!;
  }

  /** Resolves when it is known of every path whether it leads there. */
  async settled(): Promise<void> {
    for (;;) {
      const { rung } = this.#bell;
      if (this.#isClosed || !this.paths.some((path) => path.isBeingLookedAt)) return;
      await rung;
    }
  }

  /** Has the unit carry a command out, through whichever paths. */
  async execute(request: CommandRequest): Promise<CommandResult> {
    const range = writtenRange(request.cdb, request.dataOut);
    const octets = request.dataIn?.length ?? request.dataOut?.length ?? 0;
    const blocks = Math.ceil(octets / (this.facts?.blockLength ?? 512));
    const errand = new Errand(request, blocks);
    if (range === undefined) return await this.#carryOut(errand);
    return await this.#write(errand, range);
  }

  /**
   * Writes that overlap are carried out in their order; and for as long as one may still be carried
   * out on a path that was lost, no later one begins.
   */
  async #write(errand: Errand, { lba, blockCount }: BlockRange): Promise<CommandResult> {
    const release = await this.#ranges.exclusive(lba, blockCount);
    try {
      return await this.#carryOut(errand);
    } finally {
      if (errand.lost === undefined) release();
      else releaseWhenExtinct(errand.lost, release);
    }
  }

  async #carryOut(errand: Errand): Promise<CommandResult> {
    for (;;) {
      const path = this.#choose() ?? await this.#somePath();
      try {
        const result = await path.execute(errand.request, errand.blocks);
        if (judge(result) !== "not-here") return result;
        this.#admission.notHere(path);
        if (++errand.elsewhere > MOST_ELSEWHERE) return result;
      } catch (error) {
        if (!this.#isWorthAnotherTry(errand, path, error)) throw error;
      }
    }
  }

  #isWorthAnotherTry(errand: Errand, path: Path, error: unknown): boolean {
    // The way is closed to us: another one may not be.
    if (error instanceof UnitError) return ++errand.losses <= MOST_LOSSES;
    if (!(error instanceof CommandFailure)) return false;
    if (error.kind === "session-lost") this.#lose(errand, path);
    const isLoss = error.kind === "session-lost" || path.way.state !== "usable";
    return isLoss ? ++errand.losses <= MOST_LOSSES : ++errand.again <= MOST_AGAIN;
  }

  /** Nobody knows whether, and when, the target carries it out. */
  #lose(errand: Errand, { succession }: Path): void {
    const { last } = succession;
    if (last === undefined || errand.request.dataIn !== undefined) return;
    (errand.lost ??= []).push(last);
    last.doubt();
  }

  #choose(): Path | undefined {
    return this.#holds > 0 ? undefined : this.#selection.choose();
  }

  /** Waits for a path, for a bounded time. */
  async #somePath(): Promise<Path> {
    for (;;) {
      const { rung } = this.#bell;
      const path = this.#choose();
      if (path !== undefined) return path;
      if (this.#isClosed) throw new UnitError("offline", `${this.where} is closed`);
      if (this.#isOffline) throw new UnitError("offline", this.#whyOffline());
      await rung;
    }
  }

  #whyOffline(): string {
    const seconds = this.#options.settings.noPathMs / 1000;
    const reasons = this.paths.map(({ name, reason }) => `${name}: ${reason}`);
    const why = reasons.length === 0 ? "there are none" : reasons.join("; ");
    return `${this.where} had no path for ${seconds} s (${why})`;
  }

  #arrange(): void {
    if (this.#isClosed) return;
    this.#selection.arrange();
    if (this.#selection.isEmpty) this.#bePatient();
    else {
      this.#callOffPatience?.();
      this.#callOffPatience = undefined;
      this.#isOffline = false;
    }
    this.#bell.ring();
  }

  /** There is no path: every one is tried at once, and commands wait so long at most. */
  #bePatient(): void {
    if (this.#callOffPatience !== undefined) return;
    const { clock, settings, logger } = this.#options;
    this.#callOffPatience = clock.after(settings.noPathMs, () => {
      this.#isOffline = true;
      logger.error("a device is offline", { device: this.name, reason: this.#whyOffline() });
      this.#bell.ring();
    });
    for (const { succession } of this.paths) succession.kept.retry();
  }
}

async function answers(way: Way): Promise<boolean> {
  try {
    await way.execute({ cdb: TEST_UNIT_READY });
    return true;
  } catch (error) {
    if (error instanceof CommandFailure || error instanceof UnitError) return false;
    throw error;
  }
}

async function releaseWhenExtinct(lost: readonly Lifetime[], release: Release): Promise<void> {
  await Promise.all(lost.map(({ extinct }) => extinct));
  release();
}
