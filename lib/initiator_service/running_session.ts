/** One session of a login, as it is told about. */
import type { EventSink } from "../events/event_sink.ts";
import { InitiatorError } from "../initiator/initiator_error.ts";
import type { KeptState } from "../initiator/kept_session.ts";
import type { PathPlan, TargetPath } from "../initiator/target_login.ts";
import type {
  ConnectionFacts,
  InitiatorSessionFacts,
  InitiatorSessionState,
  PortalFacts,
} from "./facts.ts";
import type { LoginShape } from "./login_shape.ts";
import { SessionEvents } from "./session_events.ts";

const STATES: Readonly<Record<KeptState, InitiatorSessionState>> = {
  "connecting": "connecting",
  "logged-in": "logged-in",
  "recovering": "recovering",
  "offline": "offline",
  "closed": "offline",
};

/**
 * A target that refuses is asked again after so long, and then after twice as long: it may be on
 * its way up, or people may have seen to it. Past so many refusals it is left alone.
 */
const FIRST_PAUSE_MS = 30_000;
const MOST_REFUSALS = 6;

export class RunningSession {
  readonly id: string;
  readonly path: TargetPath;
  readonly plan: PathPlan;
  #since: string;
  readonly #stop: () => void;
  #callOffAgain: (() => void) | undefined;
  readonly #told: SessionEvents;
  /** In a row. */
  #refusals = 0;

  constructor(id: string, plan: PathPlan, path: TargetPath, events: EventSink) {
    this.id = id;
    this.plan = plan;
    this.path = path;
    const { kept } = path;
    const { clock } = kept.node;
    this.#since = clock.now().toISOString();
    const told = this.#told = new SessionEvents(events, kept);
    const observer = {
      stateChanged: (state: KeptState) => {
        this.#since = clock.now().toISOString();
        this.#callOffAgain?.();
        if (state === "logged-in") this.#refusals = 0;
        else if (state === "offline") this.#refused();
      },
    };
    kept.observers.add(told);
    kept.observers.add(observer);
    this.#stop = () => {
      this.#callOffAgain?.();
      kept.observers.delete(told);
      kept.observers.delete(observer);
    };
  }

  #refused(): void {
    const { kept } = this.path;
    if (++this.#refusals >= MOST_REFUSALS) return this.#told.notRetried(this.#refusals);
    const pauseMs = FIRST_PAUSE_MS * 2 ** (this.#refusals - 1);
    this.#callOffAgain = kept.node.clock.after(pauseMs, () => kept.retry());
  }

  /** It is not open, and it is not tried for just now. */
  get isGivenUp(): boolean {
    return this.path.kept.state === "offline";
  }

  /** It will not be tried for by itself any more. */
  get #isRefused(): boolean {
    return this.isGivenUp && this.#refusals >= MOST_REFUSALS;
  }

  /** Resolves when it is open; fails where it cannot be had even now. */
  async tryAnew(): Promise<void> {
    const { kept } = this.path;
    this.#refusals = 0;
    const ready = kept.ready();
    kept.retry();
    await ready;
  }

  /** Why it is not open, and what to do about it. */
  get trouble(): string | undefined {
    const { session, lastError, options } = this.path.kept;
    if (session !== undefined || lastError === undefined) return undefined;
    const next = lastError instanceof InitiatorError ? `; ${lastError.next}` : "";
    const text = `${lastError.message}${next}`;
    if (!this.#isRefused) return text;
    return `${text}; it is not tried any more: then sanctl initiator login ${options.targetName}`;
  }

  /** Tells of nothing any more. */
  stop(): void {
    this.#stop();
  }

  get isLoggedIn(): boolean {
    return this.path.kept.session !== undefined;
  }

  get portal(): PortalFacts {
    const { host, port } = this.path.kept.portal;
    return { address: host, port };
  }

  get source(): PortalFacts | null {
    return this.connections[0]?.source ?? null;
  }

  /** The leading one first. */
  get connections(): readonly ConnectionFacts[] {
    return (this.path.kept.session?.connections ?? []).map(({ cid, dialled }) => ({
      cid,
      source: { address: dialled.localAddress, port: dialled.localPort },
      portal: { address: dialled.remoteAddress, port: dialled.remotePort },
    }));
  }

  facts(shape: LoginShape, commands: number): InitiatorSessionFacts {
    const { kept } = this.path;
    const { session, state, isid, sessionCount } = kept;
    const isUp = session !== undefined;
    return {
      id: this.id,
      target: shape.target,
      state: this.#isRefused ? "refused" : STATES[state],
      portal: this.portal,
      source: this.source,
      isid: isid.toHex(),
      tsih: session?.tsih ?? null,
      portalGroup: session?.targetPortalGroupTag ?? null,
      targetAlias: session?.targetAlias ?? "",
      connections: this.connections.length,
      connectionList: this.connections,
      headerDigest: shape.headerDigest ? "crc32c" : "none",
      dataDigest: shape.dataDigest ? "crc32c" : "none",
      authentication: shape.accounts === undefined
        ? "none"
        : shape.accounts.target === undefined
        ? "chap"
        : "mutual-chap",
      type: shape.informational ? "informational" : "data",
      persistent: shape.persistent,
      multipath: shape.multipath,
      since: this.#since,
      losses: Math.max(0, sessionCount - (isUp ? 1 : 0)),
      commands,
      error: this.trouble ?? null,
    };
  }
}
