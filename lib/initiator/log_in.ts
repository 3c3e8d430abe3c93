/**
 * Logs in to a target, or to a portal for discovery: connects, follows where it is sent, and brings
 * up as many connections as are wanted. RFC 7143 6.3, 11.13.5.
 */
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import { hostAndPort, parseTargetAddress, type PortalAddress } from "../iscsi/portal_address.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { Pump } from "../net/pump.ts";
import {
  type Authentication,
  type AuthenticationExchange,
  NO_AUTHENTICATION,
} from "./authentication.ts";
import { ConnectionClosed } from "./closing.ts";
import { CommandWindow } from "./command_window.ts";
import { Connection } from "./connection.ts";
import type { LoginOptions } from "./login.ts";
import { LoginBroken, LoginRefused } from "./login_error.ts";
import { loginPolicy, type SessionOptions } from "./login_keys.ts";
import type { InitiatorNode } from "./node.ts";
import { Redirect } from "./redirect.ts";
import { Session } from "./session.ts";

/** What is logged in to, and how. */
export interface LogInOptions extends SessionOptions {
  readonly portal: PortalAddress;
  /** Undefined: discovery. */
  readonly targetName: string | undefined;
  readonly sourceAddress?: string | undefined;
  /** Names this side of the nexus: the same one ends the session that had it. RFC 7143 6.3.5. */
  readonly isid?: Uint8Array | undefined;
  readonly authentication?: Authentication | undefined;
  /** The first CmdSN; 1 without. */
  readonly cmdSN?: number | undefined;
}

/** A session, and how it came about. */
export interface LoggedIn {
  readonly session: Session;
  /** The portal that let us in. */
  readonly portal: PortalAddress;
  /** Where to go from now on, if the target has moved for good. */
  readonly movedTo: PortalAddress | undefined;
}

export async function logIn(node: InitiatorNode, options: LogInOptions): Promise<LoggedIn> {
  const isid = options.isid ?? node.makeIsid();
  let { portal } = options;
  let movedTo: PortalAddress | undefined;
  for (let redirects = 0; redirects <= node.limits.redirects; redirects++) {
    const attempt = new Attempt(node, { ...options, portal, isid });
    const outcome = await attempt.make();
    if (outcome instanceof Session) {
      await fill(node, outcome, { ...options, portal, isid });
      return { session: outcome, portal, movedTo };
    }
    portal = addressOf(outcome, attempt.where);
    // Only while every step is for good is the last one where to go from now on.
    const isForGood = outcome.isPermanent && (redirects === 0 || movedTo !== undefined);
    movedTo = isForGood ? portal : movedTo;
  }
  throw new LoginBroken(
    "redirect",
    `${hostAndPort(options.portal.host, options.portal.port)} redirects without end ` +
      `(${node.limits.redirects} were followed)`,
    "name the portal directly",
  );
}

type NexusOptions = LogInOptions & { readonly isid: Uint8Array };

/** Brings up the connections that a session is to begin with: all, or there is no session. */
async function fill(node: InitiatorNode, session: Session, options: NexusOptions): Promise<void> {
  const { connections = 1 } = options;
  try {
    for (let count = 1; count < session.connectionsWanted(connections); count++) {
      await addConnection(node, session, options);
    }
  } catch (error) {
    await session.logout();
    throw error;
  }
}

/** Adds a connection to a session, at whichever portal of its group; answers its CID. */
export async function addConnection(
  node: InitiatorNode,
  session: Session,
  options: NexusOptions,
): Promise<number> {
  const cid = session.freeCid();
  await new Attempt(node, options).join(session, cid);
  return cid;
}

function addressOf({ address }: Redirect, where: string): PortalAddress {
  const parsed = parseTargetAddress(address);
  if (parsed !== undefined) return parsed;
  const message = `${where} redirects to "${address.slice(0, 80)}", which is no address`;
  throw new LoginBroken("redirect", message, "name the other portal directly");
}

/** The target found fault with what we proved, or how; it was there. */
function isOfProof(error: unknown): boolean {
  if (error instanceof LoginRefused) return error.status === LoginStatus.AUTHENTICATION_FAILURE;
  return error instanceof LoginBroken && error.fault === "authentication";
}

const IS_IT_ISCSI = "check that an iSCSI target listens there, and update its software";

/** Of the connection that a session begins with. */
const LEADING_CID = 1;

/** One login at one portal. */
class Attempt {
  readonly where: string;
  readonly #node: InitiatorNode;
  readonly #options: NexusOptions;

  constructor(node: InitiatorNode, options: NexusOptions) {
    this.#node = node;
    this.#options = options;
    const portal = hostAndPort(options.portal.host, options.portal.port);
    this.where = options.targetName === undefined ? portal : `${options.targetName} at ${portal}`;
  }

  /** Makes a session. */
  make(): Promise<Session | Redirect> {
    return this.#authenticate((exchange) => this.#connect(LEADING_CID, exchange));
  }

  /** Adds a connection to one. RFC 7143 6.3: its TSIH says which. */
  async join(session: Session, cid: number): Promise<void> {
    const outcome = await this.#authenticate((exchange) => this.#connect(cid, exchange, session));
    if (!(outcome instanceof Redirect)) return;
    throw new LoginBroken(
      "redirect",
      `${this.where} redirects a further connection of the session`,
      "log in with one connection",
    );
  }

  /** With all that we can offer; where that comes to nothing, with what every target knows. */
  async #authenticate<T>(connect: (exchange: AuthenticationExchange) => Promise<T>): Promise<T> {
    const { authentication = NO_AUTHENTICATION } = this.#options;
    const { fallback } = authentication;
    const { fallbacks } = this.#node;
    const isNeeded = fallback !== undefined && fallbacks.isNeededAt(this.where);
    const exchange = isNeeded ? fallback() : authentication();
    try {
      return await connect(exchange);
    } catch (error) {
      if (isOfProof(error)) fallbacks.forget(this.where);
      if (fallback === undefined || isNeeded || !exchange.mayHaveChoked) throw error;
    }
    const outcome = await connect(fallback());
    fallbacks.remember(this.where);
    return outcome;
  }

  async #connect(
    cid: number,
    exchange: AuthenticationExchange,
    joined?: Session,
  ): Promise<Session | Redirect> {
    const window = joined?.window ?? new CommandWindow(this.#options.cmdSN ?? 1);
    const { limits, clock } = this.#node;
    const { portal, sourceAddress } = this.#options;
    const dialled = await this.#node.dial(portal, {
      timeoutMs: limits.connectTimeoutMs,
      sourceAddress,
    });
    const connection: Connection = new Connection({
      node: this.#node,
      login: this.#loginOptions({ cid, exchange, cmdSN: window.cmdSN }, joined),
      establish: (_, outcome) => {
        const session = joined ?? new Session(this.#node, this.where, window, outcome);
        session.add({ connection, ended, dialled });
        return session;
      },
      wake: () => pump.wake(),
    });
    const pump = new Pump(dialled.stream, connection, () => clock.nowMs());
    const ended = pump.run();
    const callOff = clock.after(limits.loginTimeoutMs, () => {
      connection.fail(this.#silence(limits.loginTimeoutMs));
    });
    try {
      return await connection.logIn();
    } catch (error) {
      throw this.#broken(error);
    } finally {
      callOff();
      if (connection.state === "closed") await ended;
    }
  }

  /** An end of the connection is one of the login. */
  #broken(error: unknown): unknown {
    if (!(error instanceof ProtocolError)) return error;
    const [fault, said, next] = error instanceof ConnectionClosed
      ? [
        "closed",
        `${error.message} during the login`,
        "check the service there, and its log",
      ] as const
      : ["garbage", `the target sends what is no login: ${error.message}`, IS_IT_ISCSI] as const;
    return new LoginBroken(fault, `${this.where}: ${said}`, next);
  }

  #silence(ms: number): LoginBroken {
    const message = `${this.where} does not answer the login within ${ms / 1000} s`;
    return new LoginBroken("silence", message, "see whether the target's service hangs");
  }

  #loginOptions(
    own: Pick<LoginOptions, "cid" | "exchange" | "cmdSN">,
    joined: Session | undefined,
  ): LoginOptions {
    const { name, alias, limits } = this.#node;
    const { targetName, isid } = this.#options;
    return {
      ...own,
      initiatorName: name,
      initiatorAlias: alias,
      targetName,
      policy: loginPolicy(this.#options, limits),
      isid,
      tsih: joined?.tsih ?? 0,
      session: joined?.parameters,
      initiatorTaskTag: joined?.takeTag() ?? 0,
      limits,
      where: this.where,
    };
  }
}
