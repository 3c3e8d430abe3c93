/**
 * The CmdSN window of a session: which commands may come, in which order they are delivered, and
 * how many an initiator may have outstanding. RFC 7143 4.2.2.1. Commands that arrive ahead of a gap
 * (they took another connection of the session) are held until it closes.
 */
import { copyFrame, type Frame } from "../iscsi/frame.ts";
import { serialAdd, serialAtMost, serialDistance, serialLess } from "../wire/serial.ts";
import type { Connection } from "./connection.ts";

export const Admission = {
  /** It is the next one: deliver it now. */
  NOW: 0,
  /** Inside the window, behind a gap: hold it. */
  LATER: 1,
  /** Outside the window, or here already: ignore it silently. */
  IGNORE: 2,
} as const;
export type Admission = typeof Admission[keyof typeof Admission];

/** A command that came ahead of its turn. */
export interface HeldCommand {
  readonly connection: Connection;
  readonly frame: Frame;
  /** Unsolicited data that came behind it. */
  readonly data: Frame[];
}

/** What a frame that is kept costs besides its octets. */
const FRAME_OVERHEAD = 256;

export class CommandWindow {
  /** The CmdSN that is delivered next. */
  expCmdSN: number;
  /** Commands that have been delivered and not answered. */
  outstanding = 0;
  /** Octets in frames that are held. */
  heldOctets = 0;
  /** The CmdSN whose absence held commands were seen waiting for, and since when. */
  #gap: { readonly cmdSN: number; readonly sinceMs: number } | undefined;
  readonly #width: number;
  readonly #held = new Map<number, HeldCommand | undefined>();
  #awaited: { readonly cmdSN: number; readonly reached: () => void }[] = [];

  constructor(firstCmdSN: number, width: number) {
    this.expCmdSN = firstCmdSN;
    this.#width = width;
  }

  /**
   * The highest CmdSN that may be sent: it never moves back, since answers only widen the window.
   */
  get maxCmdSN(): number {
    return serialAdd(this.expCmdSN, this.#width - this.outstanding - 1);
  }

  admit(cmdSN: number): Admission {
    const distance = serialDistance(this.expCmdSN, cmdSN);
    if (distance < 0 || distance >= this.#width - this.outstanding || this.#held.has(cmdSN)) {
      return Admission.IGNORE;
    }
    if (distance > 0) return Admission.LATER;
    this.#advance();
    return Admission.NOW;
  }

  /** Keeps a command for its turn. */
  hold(cmdSN: number, connection: Connection, frame: Frame): void {
    this.#held.set(cmdSN, { connection, frame, data: [] });
    this.heldOctets += costOf(frame);
  }

  /** Keeps data of a held command with it; false if no such command is held. */
  holdData(connection: Connection, frame: Frame): boolean {
    const tag = tagOf(frame);
    for (const held of this.#held.values()) {
      if (held?.connection !== connection || tagOf(held.frame) !== tag) continue;
      held.data.push(copyFrame(frame));
      this.heldOctets += costOf(frame);
      return true;
    }
    return false;
  }

  /**
   * How long, in milliseconds, the same missing command has been waited for; call it now and then.
   */
  gapAgeMs(nowMs: number): number {
    if (this.#held.size === 0 || this.#held.has(this.expCmdSN)) {
      this.#gap = undefined;
      return 0;
    }
    if (this.#gap?.cmdSN !== this.expCmdSN) {
      this.#gap = { cmdSN: this.expCmdSN, sinceMs: nowMs };
    }
    return nowMs - this.#gap.sinceMs;
  }

  /**
   * A command in the window that task management aborted before it came: it counts as received and
   * dropped. RFC 7143 11.6.1. Answers false where the window does not hold it.
   */
  skip(cmdSN: number): boolean {
    const admission = this.admit(cmdSN);
    if (admission === Admission.LATER) this.#held.set(cmdSN, undefined);
    return admission !== Admission.IGNORE;
  }

  /** The same for all that are missing before `cmdSN`, as far as the window goes. */
  skipTo(cmdSN: number): void {
    const end = serialLess(this.maxCmdSN, cmdSN) ? serialAdd(this.maxCmdSN, 1) : cmdSN;
    for (let each = this.expCmdSN; serialLess(each, end); each = serialAdd(each, 1)) {
      if (!this.#held.has(each)) this.skip(each);
    }
  }

  /**
   * The held command whose turn it is, if it is here; those before it that were dropped are passed.
   */
  get next(): HeldCommand | undefined {
    while (this.#held.size > 0 && this.#held.has(this.expCmdSN)) {
      const held = this.#held.get(this.expCmdSN);
      if (held !== undefined) return held;
      this.#held.delete(this.expCmdSN);
      this.#advance();
    }
    return undefined;
  }

  /** The same, and it is held no longer. */
  takeNext(): HeldCommand | undefined {
    const held = this.next;
    if (held === undefined) return undefined;
    this.#held.delete(this.expCmdSN);
    this.#advance();
    this.#letGo(held);
    return held;
  }

  /**
   * Drops held commands that `which` selects, and answers them; their numbers count as received.
   */
  drop(which: (command: HeldCommand) => boolean): readonly HeldCommand[] {
    const dropped: HeldCommand[] = [];
    for (const [cmdSN, held] of this.#held) {
      if (held === undefined || !which(held)) continue;
      this.#letGo(held);
      this.#held.set(cmdSN, undefined);
      dropped.push(held);
    }
    return dropped;
  }

  #letGo({ frame, data }: HeldCommand): void {
    this.heldOctets -= costOf(frame);
    for (const each of data) this.heldOctets -= costOf(each);
  }

  /** Resolves when every command before `cmdSN` has been delivered, or was dropped. */
  reached(cmdSN: number): Promise<void> {
    if (serialAtMost(cmdSN, this.expCmdSN)) return Promise.resolve();
    return new Promise((reached) => this.#awaited.push({ cmdSN, reached }));
  }

  #advance(): void {
    this.expCmdSN = serialAdd(this.expCmdSN, 1);
    if (this.#awaited.length === 0) return;
    const due = this.#awaited.filter(({ cmdSN }) => serialAtMost(cmdSN, this.expCmdSN));
    this.#awaited = this.#awaited.filter((each) => !due.includes(each));
    for (const { reached } of due) reached();
  }
}

function tagOf(frame: Frame): number {
  return frame.view.getUint32(frame.base + 16);
}

/** Octets that holding the frame takes: its header, its data and what goes with them. */
function costOf(frame: Frame): number {
  return frame.dataAt - frame.base + frame.dataLength + FRAME_OVERHEAD;
}
