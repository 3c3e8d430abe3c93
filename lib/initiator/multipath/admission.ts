/**
 * Lets paths in: one leads to the device if its unit has the same name, which the way itself sees
 * to, and the same capacity. And asks how well its port reaches the unit.
 */
import type { EventSink } from "../../events/event_sink.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { ReceivedSense } from "../../scsi/sense_data.ts";
import { CommandFailure } from "../command.ts";
import { UnitError } from "../unit_error.ts";
import type { UnitFacts } from "../unit_facts.ts";
import { type Access, accessRank, AccessState, askAccess } from "./asymmetric_access.ts";
import type { Path } from "./path.ts";

export interface AdmissionOptions {
  readonly device: string;
  readonly paths: readonly Path[];
  /** Who the unit has to be; else whoever it is when it is first reached. */
  readonly identity: string | undefined;
  readonly quarantineMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
  /** Something about a path is known now, or not any more. */
  readonly onChange: () => void;
  /** The device is known, or has changed. */
  readonly onFacts: (facts: UnitFacts, before: UnitFacts | undefined) => void;
}

/** Additional sense codes of unit attentions. SPC-4 annex D. */
const ACCESS_STATE_CHANGED = 0x2a06;
const ACCESS_STATE_TRANSITION_FAILED = 0x2a07;

/** Until a port that is not active is asked about again. */
const ASK_AGAIN_MS = 1000;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #asking = new Set<Path>();
  /** Paths on which the unit has another capacity, and who is still to be heard about it. */
  readonly #disputes = new Map<Path, Set<Path>>();
  #facts: UnitFacts | undefined;
  #isClosed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** What the device is, as all of its paths agree. */
  get facts(): UnitFacts | undefined {
    return this.#facts;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The path's way has another state. */
  stateChanged(path: Path): void {
    const { way } = path;
    if (way.state === "usable") this.#consider(path);
    else if (way.state === "quarantined") {
      this.#quarantine(path, way.lastError?.message ?? "it cannot be used");
    } else if (way.state !== "checking") this.#forget(path);
    if (way.state !== "checking") this.#heardFrom(path);
    this.#options.onChange();
  }

  #forget(path: Path): void {
    path.isAdmitted = false;
    path.complaint = undefined;
    this.#disputes.delete(path);
  }

  /** The state of a group of ports may have changed. SPC-4 5.15. */
  attention(path: Path, { code }: ReceivedSense): void {
    if (code === ACCESS_STATE_CHANGED || code === ACCESS_STATE_TRANSITION_FAILED) this.#ask(path);
  }

  /** A command was not carried out there, since its port is not active. */
  notHere(path: Path): void {
    path.accessState = AccessState.TRANSITIONING;
    this.#options.onChange();
    this.#askLater(path);
  }

  #consider(path: Path): void {
    const found = path.way.facts!;
    const complaint = this.#complaintOf(found);
    if (complaint !== undefined) return this.#quarantine(path, complaint);
    if (found.blockCount !== (this.#facts ?? found).blockCount) return this.#dispute(path);
    this.#letIn(path);
  }

  #letIn(path: Path): void {
    const found = path.way.facts!;
    path.complaint = undefined;
    if (this.#facts === undefined || differ(found, this.#facts)) this.#adopt(found);
    if (!path.isAdmitted) this.#ask(path);
  }

  #complaintOf(found: UnitFacts): string | undefined {
    const identity = this.#facts?.identity ?? this.#options.identity;
    if (identity !== undefined && !found.names.includes(identity)) {
      return `it leads to ${found.identity ?? "a unit without a name"} instead of ${identity}`;
    }
    if (this.#facts === undefined) return undefined;
    if (identity === undefined && this.#options.paths.length > 1) {
      return "the unit has no name by which it could be told through several paths";
    }
    const { blockLength } = this.#facts;
    if (found.blockLength === blockLength) return undefined;
    return `its blocks have ${found.blockLength} octets instead of ${blockLength}`;
  }

  /** Another capacity is right if every other path says so too: all are asked before it is used. */
  #dispute(path: Path): void {
    path.isAdmitted = false;
    const against = this.#against(path);
    this.#disputes.set(path, new Set(against));
    if (against.length === 0) return this.#settle(path);
    for (const { way } of against) way.recheck();
  }

  /** Paths on which the unit has another capacity. */
  #against(path: Path): readonly Path[] {
    const { blockCount } = path.way.facts!;
    return this.#options.paths.filter((other) =>
      other !== path && other.way.state === "usable" && other.complaint === undefined &&
      other.way.facts!.blockCount !== blockCount
    );
  }

  /** A path has been looked at again, or is gone. */
  #heardFrom(path: Path): void {
    for (const [disputed, awaited] of this.#disputes) {
      if (awaited.delete(path) && awaited.size === 0) this.#settle(disputed);
    }
  }

  #settle(path: Path): void {
    this.#disputes.delete(path);
    const [other] = this.#against(path);
    if (other === undefined) return this.#letIn(path);
    const [here, there] = [path, other].map(({ way }) => way.facts!.blockCount);
    this.#quarantine(path, `it has ${here} blocks, and ${there} through ${other.name}`);
  }

  #adopt(found: UnitFacts): void {
    const before = this.#facts;
    this.#facts = before === undefined ? found : { ...found, identity: before.identity };
    this.#options.onFacts(this.#facts, before);
    // Those that were kept out for what is right now are let in.
    for (const { complaint, way } of this.#options.paths) {
      if (complaint !== undefined && way.state === "usable") way.recheck();
    }
  }

  #quarantine(path: Path, reason: string): void {
    const { device, logger, events, quarantineMs, clock } = this.#options;
    this.#disputes.delete(path);
    if (path.complaint !== reason) {
      logger.error("a path leads elsewhere, and is not used", { device, path: path.name, reason });
      events.note("path-quarantined", { device, path: path.name, reason });
    }
    path.isAdmitted = false;
    path.complaint = reason;
    clock.after(quarantineMs, () => {
      if (!this.#isClosed && path.complaint !== undefined) path.way.recheck();
    });
  }

  /** How well its port reaches the unit. */
  async #ask(path: Path): Promise<void> {
    if (this.#asking.has(path)) return;
    this.#asking.add(path);
    try {
      const access = await askAccess((request) => path.way.execute(request));
      this.#take(path, access);
      path.isAdmitted = path.way.state === "usable" && path.complaint === undefined;
      if (accessRank(path.accessState) === undefined) this.#askLater(path);
    } catch (error) {
      // The session was lost meanwhile: it is asked again when there is another.
      if (!(error instanceof CommandFailure) && !(error instanceof UnitError)) throw error;
      this.#askLater(path);
    } finally {
      this.#asking.delete(path);
    }
    this.#options.onChange();
  }

  #take(path: Path, access: Access | undefined): void {
    path.portGroup = access?.portGroup;
    if (access === undefined) path.accessState = AccessState.ACTIVE_OPTIMIZED;
    for (const each of this.#options.paths) {
      const state = each.portGroup === undefined ? undefined : access?.states.get(each.portGroup);
      if (state !== undefined) each.accessState = state;
    }
  }

  #askLater(path: Path): void {
    this.#options.clock.after(ASK_AGAIN_MS, () => {
      if (!this.#isClosed && path.way.state === "usable") this.#ask(path);
    });
  }
}

function differ(a: UnitFacts, b: UnitFacts): boolean {
  return a.blockCount !== b.blockCount || a.isWriteProtected !== b.isWriteProtected;
}
