/**
 * An iSNS server in memory that answers as a test says, and the network between it and us: for what
 * real servers do not do when they are asked to.
 */
import { attribute, DELIMITER } from "../../lib/isns/attribute.ts";
import { answerTo, FunctionId } from "../../lib/isns/function_id.ts";
import { ISNS_LIMITS } from "../../lib/isns/limits.ts";
import type { LinkSurroundings } from "../../lib/isns/link.ts";
import { emitMessage, type Message } from "../../lib/isns/message.ts";
import { MessageReader } from "../../lib/isns/message_reader.ts";
import type { Network } from "../../lib/isns/network.ts";
import { isnsBuffers } from "../../lib/isns/server_session.ts";
import { ServerUnusable } from "../../lib/isns/server_unusable.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import { Inbox } from "../../lib/wire/inbox.ts";
import { bytePipe, type PipeEnd } from "./byte_pipe.ts";
import { TestClock } from "./test_clock.ts";

/** Where the fake server is. */
export const SERVER = { host: "192.0.2.100", port: 3205 };

/** What an answer has besides what its question says; undefined: silence. */
export type Answerer = (question: Message) => Partial<Message> | undefined;

/** One end of a connection that speaks iSNS. */
class Speaker {
  readonly stream: PipeEnd;
  readonly #inbox = new Inbox(4096, isnsBuffers());
  readonly #reader: MessageReader;

  constructor(stream: PipeEnd) {
    this.stream = stream;
    this.#inbox.borrows = false;
    this.#reader = new MessageReader(this.#inbox, ISNS_LIMITS);
  }

  /** The next message; undefined at the end. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const message = this.#reader.next();
      if (message !== undefined) return message;
      const count = await this.stream.read(this.#inbox.space());
      if (count === null) return undefined;
      this.#inbox.fill(count);
    }
  }

  /** Whoever has gone does not hear it. */
  async say(message: Message): Promise<void> {
    let octets = emitMessage(message, "server");
    try {
      while (octets.length > 0) octets = octets.subarray(await this.stream.write(octets));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
}

export class FakeIsnsServer {
  /** What it was asked, in this order. */
  readonly seen: Message[] = [];
  answer: Answerer = () => ({});
  readonly #speakers = new Set<Speaker>();

  /** Our end of a new connection to it. */
  connect(): PipeEnd {
    const [theirs, ours] = bytePipe();
    const speaker = new Speaker(theirs);
    this.#speakers.add(speaker);
    this.#serve(speaker);
    return ours;
  }

  /** Grants registrations for so many seconds, from now on. */
  grantFor(seconds: number): void {
    const { answer } = this;
    this.answer = (asked) =>
      asked.functionId === FunctionId.DevAttrReg
        ? { attributes: [DELIMITER, attribute("registrationPeriod", seconds)] }
        : answer(asked);
  }

  async #serve(speaker: Speaker): Promise<void> {
    for (let asked = await speaker.next(); asked !== undefined; asked = await speaker.next()) {
      this.seen.push(asked);
      const answer = this.answer(asked);
      if (answer === undefined) continue;
      const { transactionId } = asked;
      const functionId = answerTo(asked.functionId);
      await speaker.say({ functionId, transactionId, status: 0, attributes: [], ...answer });
    }
    this.#speakers.delete(speaker);
  }

  get connectionCount(): number {
    return this.#speakers.size;
  }

  /** Closes every connection. */
  hangUp(): void {
    for (const { stream } of this.#speakers) stream.close();
    this.#speakers.clear();
  }

  /** Raw octets to whoever is connected. */
  async shout(octets: Uint8Array): Promise<void> {
    for (const { stream } of this.#speakers) await stream.write(octets);
  }
}

/** A network with one place for a server. */
export class FakeIsnsNetwork implements Network {
  /** Undefined: nothing listens there. */
  server: FakeIsnsServer | undefined = new FakeIsnsServer();
  /** How often somebody tried to connect. */
  dials = 0;
  readonly #callers = new Map<number, (stream: ByteStream) => void>();
  #lastPort = 40_000;

  dial() {
    this.dials++;
    if (this.server === undefined) {
      const message = "cannot connect to 192.0.2.100:3205: nothing listens there";
      return Promise.reject(new ServerUnusable("unreachable", message, "see to it"));
    }
    return Promise.resolve({ stream: this.server.connect(), localAddress: "192.0.2.4" });
  }

  listen(_address: string, admit: (stream: ByteStream) => void) {
    const port = ++this.#lastPort;
    this.#callers.set(port, admit);
    const close = () => {
      this.#callers.delete(port);
      return Promise.resolve();
    };
    return { port, close };
  }

  /** Ports that somebody listens on. */
  get openPorts(): readonly number[] {
    return [...this.#callers.keys()];
  }

  /** Calls whoever listens on the port, says something and answers what comes back. */
  async call(port: number, message: Message): Promise<Message | undefined> {
    const [theirs, ours] = bytePipe();
    this.#callers.get(port)!(ours);
    const speaker = new Speaker(theirs);
    await speaker.say(message);
    const answer = await speaker.next();
    theirs.close();
    return answer;
  }
}

export interface FakeSurroundings extends LinkSurroundings {
  readonly network: FakeIsnsNetwork;
  readonly clock: TestClock;
}

/** Pauses are as short as they may be. */
export function fakeSurroundings(): FakeSurroundings {
  return {
    network: new FakeIsnsNetwork(),
    clock: new TestClock(),
    random: { fill: (octets) => octets.fill(0), u32: () => 0 },
    limits: ISNS_LIMITS,
  };
}
