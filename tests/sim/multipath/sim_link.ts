/**
 * A network between an initiator and one portal. When it is cut, what is on its way stays on its
 * way for as long as both ends want it; what an end has left behind is lost, or comes late, however
 * long it has been forgotten by then.
 */
import { Unreachable } from "../../../lib/initiator/unreachable.ts";
import { Bell } from "../../../lib/runtime/bell.ts";
import type { ByteStream } from "../../../lib/runtime/byte_stream.ts";
import type { Chance } from "../../support/chance.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export interface SimLinkOptions {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly host: string;
  /** How late may come what was on its way. */
  readonly lateMs: number;
  /** Takes the portal's end of a new connection. */
  readonly answer: (stream: ByteStream, host: string) => void;
}

/** Octets on their way before a writer has to wait, as with the buffers of two kernels. */
const CAPACITY = 64 << 10;

export class SimLink {
  readonly options: SimLinkOptions;
  isDead = false;
  /** It is cut or mended, or something of a connection has changed. */
  readonly changes = new Bell();
  readonly #ours = new Set<SimEnd>();
  /** Connections that were given up while there was something on its way. */
  ghosts = 0;

  constructor(options: SimLinkOptions) {
    this.options = options;
  }

  /** Silently, or so that the initiator is told at once. */
  cut(isSilent: boolean): void {
    this.isDead = true;
    if (!isSilent) this.reset();
  }

  mend(): void {
    this.isDead = false;
    this.changes.ring();
  }

  /** The initiator's ends break. */
  reset(): void {
    for (const end of [...this.#ours]) end.break();
  }

  async connect(timeoutMs: number): Promise<ByteStream> {
    const { clock, host, answer } = this.options;
    await this.latency();
    if (this.isDead) {
      await clock.pause(timeoutMs);
      throw new Unreachable(`${host}:3260`, `no answer within ${timeoutMs} ms`, "mend the link");
    }
    const [ours, theirs] = [new SimEnd(this, true), new SimEnd(this, false)];
    ours.peer = theirs;
    theirs.peer = ours;
    this.#ours.add(ours);
    ours.onClose = () => this.#ours.delete(ours);
    answer(theirs, host);
    return ours;
  }

  latency(): Promise<void> {
    return this.options.clock.pause(this.options.chance.between(1, 3));
  }
}

/** What is on its way: octets, or the end. */
type Sent = Uint8Array | "end";

export class SimEnd implements ByteStream {
  peer!: SimEnd;
  onClose: () => void = () => undefined;
  readonly #link: SimLink;
  readonly #isOurs: boolean;
  readonly #onWay: Sent[] = [];
  readonly #arrived: Uint8Array[] = [];
  #length = 0;
  #isMoving = false;
  #isOver = false;
  #isClosed = false;
  #isBroken = false;
  readonly #bell = new Bell();

  constructor(link: SimLink, isOurs: boolean) {
    this.#link = link;
    this.#isOurs = isOurs;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const { rung } = this.#bell;
      if (this.#isBroken) throw new Deno.errors.ConnectionReset("connection reset");
      if (this.#isClosed) throw new Deno.errors.BadResource("closed while it was read");
      if (this.#arrived.length > 0) break;
      if (this.#isOver) return null;
      await rung;
    }
    const first = this.#arrived[0]!;
    const count = Math.min(first.length, into.length);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#arrived.shift();
    else this.#arrived[0] = first.subarray(count);
    this.peer.#length -= count;
    this.peer.#bell.ring();
    return count;
  }

  async write(octets: Uint8Array): Promise<number> {
    const copy = octets.slice();
    for (;;) {
      const { rung } = this.#bell;
      if (this.#isBroken || this.#isClosed) throw new Deno.errors.BrokenPipe("Broken pipe");
      if (this.#length < CAPACITY) break;
      await rung;
    }
    this.#length += copy.length;
    this.#send(copy);
    return copy.length;
  }

  closeWrite(): Promise<void> {
    this.#send("end");
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onClose();
    this.#send("end");
    this.#bell.ring();
    this.#link.changes.ring();
  }

  /** The connection is lost, as its owner sees it. */
  break(): void {
    this.#isBroken = true;
    this.onClose();
    this.#bell.ring();
    this.#link.changes.ring();
  }

  #send(sent: Sent): void {
    this.#onWay.push(sent);
    if (!this.#isMoving) this.#move();
  }

  /** Brings what was sent to the other end, in its order. */
  async #move(): Promise<void> {
    this.#isMoving = true;
    while (this.#onWay.length > 0) {
      await this.#link.latency();
      if (!await this.#passes()) break;
      for (const sent of this.#onWay.splice(0)) this.peer.#arrive(sent);
    }
    this.#isMoving = false;
  }

  /** False: what is on its way never comes. */
  async #passes(): Promise<boolean> {
    const link = this.#link;
    for (;;) {
      const { rung } = link.changes;
      if (!link.isDead) return true;
      // What the initiator has left behind may be in a buffer of the target already.
      if (this.#isClosed && this.#isOurs) break;
      await rung;
    }
    link.ghosts++;
    const { chance, clock, lateMs } = link.options;
    if (chance.in100(30)) return false;
    await clock.pause(chance.below(chance.one([50, 500, 5000, lateMs])));
    return true;
  }

  #arrive(sent: Sent): void {
    if (sent === "end") this.#isOver = true;
    else if (!this.#isClosed) this.#arrived.push(sent);
    this.#bell.ring();
  }
}
