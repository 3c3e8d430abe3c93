/** Tells of sessions that are lost or cannot be had, not oftener than somebody can read of them. */
import type { EventSink } from "../events/event_sink.ts";
import type { KeptSession, KeptSessionObserver, KeptState } from "../initiator/kept_session.ts";
import { LoginRefused } from "../initiator/login_error.ts";
import { Unreachable } from "../initiator/unreachable.ts";
import { hostAndPort } from "../iscsi/portal_address.ts";
import { Allowance, type Ration } from "../runtime/allowance.ts";

/** A target that is gone for long is told of at first, and then every five minutes. */
const FAILURES: Ration = { burst: 2, perSecond: 1 / 300 };
const LOSSES: Ration = { burst: 20, perSecond: 1 / 10 };

export class SessionEvents implements KeptSessionObserver {
  readonly #events: EventSink;
  readonly #kept: KeptSession;
  readonly #failures: Allowance;
  readonly #losses: Allowance;

  constructor(events: EventSink, kept: KeptSession) {
    this.#events = events;
    this.#kept = kept;
    this.#failures = new Allowance(kept.node.clock, FAILURES);
    this.#losses = new Allowance(kept.node.clock, LOSSES);
  }

  stateChanged(state: KeptState, reason: string): void {
    if (state !== "recovering" || reason === "tried again" || !this.#losses.take()) return;
    const target = this.#kept.options.targetName;
    this.#events.note("connection-lost", { portal: this.#portal, target, reason });
  }

  loginFailed(error: Error): void {
    if (!this.#failures.take()) return;
    const reason = error.message;
    if (error instanceof Unreachable) {
      this.#events.note("connect-failed", { portal: this.#portal, reason });
      return;
    }
    const code = error instanceof LoginRefused ? error.status : 0;
    const status = `0x${code.toString(16).padStart(4, "0")}`;
    const target = this.#kept.options.targetName;
    this.#events.note("login-failed", { target, status, reason });
  }

  /** It is not tried any more, after so many refusals. */
  notRetried(refusals: number): void {
    const target = this.#kept.options.targetName;
    const reason = this.#kept.lastError?.message ?? "it was refused";
    this.#events.note("login-not-retried", { target, refusals, reason });
  }

  get #portal(): string {
    const { host, port } = this.#kept.portal;
    return hostAndPort(host, port);
  }
}
