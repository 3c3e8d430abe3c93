/** One session of a login, as it is told about. */
import type { EventSink } from "../events/event_sink.ts";
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

/** A target that refuses is asked again after so long: people may have seen to it. */
const AGAIN_MS = 30_000;

export class RunningSession {
  readonly id: string;
  readonly path: TargetPath;
  readonly plan: PathPlan;
  #since: string;
  readonly #stop: () => void;
  #callOffAgain: (() => void) | undefined;

  constructor(id: string, plan: PathPlan, path: TargetPath, events: EventSink) {
    this.id = id;
    this.plan = plan;
    this.path = path;
    const { kept } = path;
    const { clock } = kept.node;
    this.#since = clock.now().toISOString();
    const told = new SessionEvents(events, kept);
    const observer = {
      stateChanged: (state: KeptState) => {
        this.#since = clock.now().toISOString();
        this.#callOffAgain?.();
        if (state === "offline") this.#callOffAgain = clock.after(AGAIN_MS, () => kept.retry());
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
    return this.#connections[0]?.source ?? null;
  }

  /** The leading one first. */
  get #connections(): readonly ConnectionFacts[] {
    return (this.path.kept.session?.connections ?? []).map(({ cid, dialled }) => ({
      cid,
      source: { address: dialled.localAddress, port: dialled.localPort },
      portal: { address: dialled.remoteAddress, port: dialled.remotePort },
    }));
  }

  facts(shape: LoginShape, commands: number): InitiatorSessionFacts {
    const { kept } = this.path;
    const { session, state, lastError, isid, sessionCount } = kept;
    const isUp = session !== undefined;
    return {
      id: this.id,
      target: shape.target,
      state: STATES[state],
      portal: this.portal,
      source: this.source,
      isid: isid.toHex(),
      tsih: session?.tsih ?? null,
      portalGroup: session?.targetPortalGroupTag ?? null,
      targetAlias: session?.targetAlias ?? "",
      connections: this.#connections.length,
      connectionList: this.#connections,
      headerDigest: shape.headerDigest ? "crc32c" : "none",
      dataDigest: shape.dataDigest ? "crc32c" : "none",
      authentication: shape.accounts === undefined
        ? "none"
        : shape.accounts.target === undefined
        ? "chap"
        : "mutual-chap",
      persistent: shape.persistent,
      multipath: shape.multipath,
      since: this.#since,
      losses: Math.max(0, sessionCount - (isUp ? 1 : 0)),
      commands,
      error: isUp ? null : lastError?.message ?? null,
    };
  }
}
