/**
 * Logs in to a target, or to a portal for discovery: connects, follows where it is sent, and brings
 * up as many connections as are wanted. RFC 7143 6.3, 11.13.5.
 */
import { hostAndPort, parseTargetAddress, type PortalAddress } from "../iscsi/portal_address.ts";
import { Pump } from "../net/pump.ts";
import {
  type Authentication,
  type AuthenticationExchange,
  NO_AUTHENTICATION,
} from "./authentication.ts";
import { CommandWindow } from "./command_window.ts";
import { Connection } from "./connection.ts";
import type { LoginOptions } from "./login.ts";
import { LoginBroken } from "./login_error.ts";
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
      for (let cid = 1; cid < outcome.connectionsWanted(options.connections ?? 1); cid++) {
        await attempt.join(outcome, cid);
      }
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

function addressOf({ address }: Redirect, where: string): PortalAddress {
  const parsed = parseTargetAddress(address);
  if (parsed !== undefined) return parsed;
  const message = `${where} redirects to "${address.slice(0, 80)}", which is no address`;
  throw new LoginBroken("redirect", message, "name the other portal directly");
}

/** One login at one portal. */
class Attempt {
  readonly where: string;
  readonly #node: InitiatorNode;
  readonly #options: LogInOptions & { readonly isid: Uint8Array };

  constructor(node: InitiatorNode, options: LogInOptions & { readonly isid: Uint8Array }) {
    this.#node = node;
    this.#options = options;
    const portal = hostAndPort(options.portal.host, options.portal.port);
    this.where = options.targetName === undefined ? portal : `${options.targetName} at ${portal}`;
  }

  /** Makes a session. */
  async make(): Promise<Session | Redirect> {
    const authentication = this.#options.authentication ?? NO_AUTHENTICATION;
    let mayHaveChoked = () => false;
    try {
      const exchange = authentication();
      mayHaveChoked = () => exchange.mayHaveChoked ?? false;
      return await this.#connect(0, exchange);
    } catch (error) {
      if (authentication.fallback === undefined || !mayHaveChoked()) throw error;
    }
    return await this.#connect(0, authentication.fallback());
  }

  /** Adds a connection to one. RFC 7143 6.3: its TSIH says which. */
  async join(session: Session, cid: number): Promise<void> {
    const { authentication = NO_AUTHENTICATION } = this.#options;
    const outcome = await this.#connect(cid, authentication(), session);
    if (outcome instanceof Redirect) {
      session.fail("one of its connections was redirected");
      throw new LoginBroken(
        "redirect",
        `${this.where} redirects a further connection of the session`,
        "log in with one connection",
      );
    }
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
    } finally {
      callOff();
      if (connection.state === "closed") await ended;
    }
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
