/** A connection to a server, while it lasts: questions that are answered, or fail in time. */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import { Pump } from "../net/pump.ts";
import type { Clock } from "../runtime/clock.ts";
import { BufferPool } from "../wire/buffer_pool.ts";
import { Conversation, type Question } from "./conversation.ts";
import { functionName } from "./function_id.ts";
import type { IsnsLimits } from "./limits.ts";
import type { Message } from "./message.ts";
import type { Network } from "./network.ts";
import { ServerUnusable } from "./server_unusable.ts";
import { Status, statusText } from "./status.ts";

export interface ServerSessionOptions {
  readonly server: PortalAddress;
  readonly network: Network;
  readonly clock: Clock;
  readonly limits: IsnsLimits;
  readonly onInquiry: (message: Message) => Message;
}

/** Registrations are short; a long one goes in several writes. */
const BUFFER_LENGTH = 16 << 10;

/** One pool, since few buffers are lent, and briefly. */
export function isnsBuffers(): BufferPool {
  return new BufferPool(BUFFER_LENGTH, BUFFER_LENGTH, 64, 4);
}

export class ServerSession {
  /** By which address of ours the server is reached. */
  readonly localAddress: string;
  /** Resolves when the connection is closed. */
  readonly ended: Promise<void>;
  readonly #options: ServerSessionOptions;
  readonly #conversation: Conversation;

  private constructor(
    options: ServerSessionOptions,
    conversation: Conversation,
    localAddress: string,
    ended: Promise<void>,
  ) {
    this.#options = options;
    this.#conversation = conversation;
    this.localAddress = localAddress;
    this.ended = ended;
  }

  /** Fails with ServerUnusable. */
  static async open(options: ServerSessionOptions): Promise<ServerSession> {
    const { server, network, clock, limits, onInquiry } = options;
    const { stream, localAddress } = await network.dial(server, limits.connectTimeoutMs);
    const conversation = new Conversation({
      ...{ limits, onInquiry },
      buffers: isnsBuffers(),
      wake: () => pump.wake(),
    });
    const pump = new Pump(stream, conversation, () => clock.nowMs());
    return new ServerSession(options, conversation, localAddress, pump.run());
  }

  get isClosed(): boolean {
    return this.#conversation.isClosed;
  }

  /** Why it is closed. */
  get reason(): string {
    return this.#conversation.reason;
  }

  /** The server's answer where it agrees; fails with ServerUnusable where it does not. */
  async ask(question: Question): Promise<Message> {
    const answer = await this.tryAsking(question);
    if (answer.status === Status.SUCCESSFUL) return answer;
    throw this.refusal(question, answer.status!);
  }

  /** The server's answer, whatever its status. */
  async tryAsking(question: Question): Promise<Message> {
    const { clock, limits } = this.#options;
    const callOff = clock.after(limits.answerTimeoutMs, () => {
      const what = functionName(question.functionId);
      this.close(`it did not answer ${what} within ${limits.answerTimeoutMs / 1000} s`);
    });
    try {
      return await this.#conversation.request(question);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const message = `iSNS server ${this.#where}: ${cause.message}`;
      const next = "see that an iSNS server listens there, and what its log says";
      throw new ServerUnusable("failed", message, next, { cause });
    } finally {
      callOff();
    }
  }

  refusal({ functionId }: Question, status: number): ServerUnusable {
    return new ServerUnusable(
      "failed",
      `iSNS server ${this.#where} refuses ${functionName(functionId)}: ${statusText(status)}`,
      "see what the server's policy lets this machine do, and what its log says",
    );
  }

  get #where(): string {
    const { host, port } = this.#options.server;
    return hostAndPort(host, port);
  }

  close(reason = "closed"): void {
    this.#conversation.close(reason);
  }
}
