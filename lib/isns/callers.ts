/** Connections that servers make to us, to ask whether we are there and to tell of changes. */
import { Pump } from "../net/pump.ts";
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Clock } from "../runtime/clock.ts";
import { Conversation } from "./conversation.ts";
import { answerInquiry, type InquiryListener } from "./inquiries.ts";
import type { IsnsLimits } from "./limits.ts";
import type { CallerPort, Network } from "./network.ts";
import { isnsBuffers } from "./server_session.ts";

export interface CallersOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly limits: IsnsLimits;
  readonly listener: InquiryListener;
}

interface Caller {
  readonly conversation: Conversation;
  readonly ended: Promise<void>;
}

export class Callers {
  readonly #options: CallersOptions;
  readonly #buffers = isnsBuffers();
  readonly #callers = new Set<Caller>();
  #open: { readonly address: string; readonly port: CallerPort } | undefined;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /**
   * The port at an address of ours, where servers can come to from now on; undefined where the
   * machine has none to give, and we have to do without.
   */
  async listen(address: string): Promise<number | undefined> {
    if (this.#open?.address === address) return this.#open.port.port;
    await this.close();
    try {
      const port = this.#options.network.listen(address, (stream) => this.#admit(stream));
      this.#open = { address, port };
      return port.port;
    } catch (error) {
      if (error instanceof Error) return undefined;
      throw error;
    }
  }

  #admit(stream: ByteStream): void {
    const { clock, limits, listener } = this.#options;
    // Whoever has been here longest makes way.
    if (this.#callers.size >= limits.callers) {
      const [first] = this.#callers;
      first!.conversation.close("made way for others");
    }
    let callOff = () => {};
    const watch = (): void => {
      callOff();
      callOff = clock.after(limits.callerIdleMs, () => conversation.close("it said nothing"));
    };
    const conversation = new Conversation({
      limits,
      buffers: this.#buffers,
      wake: () => pump.wake(),
      onInquiry: (message) => {
        watch();
        return answerInquiry(message, listener);
      },
    });
    const pump = new Pump(stream, conversation, () => clock.nowMs());
    watch();
    const caller = { conversation, ended: pump.run() };
    this.#callers.add(caller);
    caller.ended.then(() => {
      callOff();
      this.#callers.delete(caller);
    });
  }

  /** Nobody can come any more, and who is here goes. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    const callers = [...this.#callers];
    for (const { conversation } of callers) conversation.close("closed");
    await Promise.all([open?.port.close(), ...callers.map(({ ended }) => ended)]);
  }
}
