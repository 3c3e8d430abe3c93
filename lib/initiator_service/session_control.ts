/** The part of the control that logs in and out, and sees to the connections of sessions. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { ControlError } from "../config/control_error.ts";
import type { ConnectionPlan } from "../initiator/further_connections.ts";
import { accountsOf, checkAccounts, withMutualSecret } from "./accounts.ts";
import type {
  Changed,
  ConnectionFacts,
  LoginFacts,
  LogoutChoice,
  LogoutFacts,
  NewConnection,
  NewLogin,
  PingFacts,
  PingOptions,
  PolicyName,
  PortalFacts,
} from "./control.ts";
import { recordOpen } from "./declared_changes.ts";
import { checkPortal, checkSourceAddress, isSamePortal } from "./host.ts";
import { controlErrorOf, notRunning } from "./initiator_failure.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { planLogin } from "./login_plan.ts";
import { persist, recordAlone } from "./persist_login.ts";
import type { MadeLogin, RunningInitiator } from "./running_initiator.ts";
import type { RunningSession } from "./running_session.ts";
import type { DeclaredTarget } from "./schema.ts";

export class SessionControl {
  readonly #keeper: InitiatorKeeper;
  readonly #setPolicy: (device: string, policy: PolicyName) => Promise<unknown>;

  constructor(
    keeper: InitiatorKeeper,
    setPolicy: (device: string, policy: PolicyName) => Promise<unknown>,
  ) {
    this.#keeper = keeper;
    this.#setPolicy = setPolicy;
  }

  #running(what: string): RunningInitiator {
    const { running } = this.#keeper;
    if (running === undefined) throw notRunning(what);
    return running;
  }

  async logIn(asked: NewLogin): Promise<Changed<LoginFacts>> {
    const what = `a login to ${asked.target}`;
    if (!asked.recordOnly) this.#running(what);
    const { state, secrets } = await this.#keeper.declared();
    const known = state.targets.find(({ iqn }) => iqn === asked.target.toLowerCase());
    const login = withDefaults(asked, known);
    const accounts = checkAccounts(withMutualSecret(login, state, secrets)) ??
      (known === undefined ? undefined : accountsOf(known, secrets));
    if (login.recordOnly) return await recordAlone(this.#keeper, login, accounts);
    const running = this.#running(what);
    const plan = planLogin(login, running.knownTargets());
    const made = await running.logIn(plan, login, accounts);
    if (login.persistent || made.login.shape.persistent) {
      try {
        await persist(this.#keeper, made, accounts);
      } catch (error) {
        await running.undo(made);
        throw error;
      }
    }
    if (login.policy !== undefined) {
      for (const device of made.login.devices) await this.#setPolicy(device.name, login.policy);
    }
    const facts = this.#loginFacts(running, made.login.target);
    return { facts, notices: noticesOf(login, made) };
  }

  #loginFacts(running: RunningInitiator, target: string): LoginFacts {
    const login = running.login(target)!;
    return {
      target,
      persistent: login.shape.persistent,
      sessions: running.sessionFacts().filter((session) => session.target === target),
      devices: login.devices.map((device) => device.facts()),
    };
  }

  async logOut(choice: LogoutChoice): Promise<Changed<readonly LogoutFacts[]>> {
    const running = this.#running("a logout");
    const { login, sessions } = chosen(running, choice);
    const notices: string[] = [];
    if (!choice.force) { for (const device of login.devices) device.checkMayLose(sessions); }
    for (const device of login.devices.filter((each) => each.hangsOn(sessions))) {
      notices.push(...await device.giveUp());
    }
    const ids = sessions.map(({ id }) => id);
    const { persistent } = login.shape;
    await running.logOut(login, sessions);
    if (persistent) {
      const closed = new Map(sessions.map(({ path: { kept } }) => [kept.isid.toHex(), undefined]));
      await this.#keeper.change((all) => ({ ...all, state: recordOpen(all.state, closed) }));
    }
    if (persistent) {
      notices.push(
        "it is logged in to again when the service begins; to forget it, " +
          `sanctl initiator persistent remove ${login.target}`,
      );
    }
    return { facts: [{ target: login.target, sessions: ids, persistent }], notices };
  }

  async addConnection(
    id: string,
    asked: NewConnection = {},
  ): Promise<Changed<ConnectionFacts>> {
    const running = this.#running("adding a connection");
    const { session } = running.findSession(id);
    const { state, secrets } = await this.#keeper.declared();
    const accounts = checkAccounts(withMutualSecret(asked, state, secrets));
    const { node } = running;
    const { portal, sourceAddress, headerDigest, dataDigest } = asked;
    const { authenticationOf } = await import("./authentication_of.ts");
    const plan: ConnectionPlan = {
      portal: portal === undefined ? undefined : portalOf(checkPortal(portal)),
      sourceAddress: sourceAddress === undefined ? undefined : checkSourceAddress(sourceAddress),
      authentication: authenticationOf(node, accounts),
      ...{ headerDigest, dataDigest },
    };
    try {
      const cid = await session.path.kept.addConnection(plan);
      return { facts: connectionOf(session, cid), notices: [] };
    } catch (error) {
      throw controlErrorOf(error);
    }
  }

  async removeConnection(id: string, cid: number): Promise<Changed<ConnectionFacts>> {
    const { session } = this.#running("removing a connection").findSession(id);
    const facts = connectionOf(session, cid);
    if (session.connections[0]?.cid === cid) {
      throw new ControlError(
        "in-use",
        `connection ${cid} is the leading one of session ${id}, which ends with it`,
        `to end the session, sanctl initiator logout ${id}`,
      );
    }
    try {
      await session.path.kept.removeConnection(cid);
    } catch (error) {
      throw controlErrorOf(error);
    }
    return { facts, notices: [] };
  }
}

export const MOST_PINGS = 1000;
const MOST_PING_MS = 60_000;

/** In a discovery session of its own. */
export async function pingPortal(
  keeper: InitiatorKeeper,
  asked: PortalFacts,
  { count = 4, size = 32, timeoutMs = 1000 }: PingOptions,
): Promise<PingFacts> {
  const { running } = keeper;
  if (running === undefined) throw notRunning("a ping");
  const portal = checkPortal(asked);
  const { MOST_PING_OCTETS, ping } = await import("../initiator/ping.ts");
  const isWhole = [count, size, timeoutMs].every((each) => Number.isInteger(each) && each >= 0);
  const isSound = isWhole && count >= 1 && count <= MOST_PINGS && size <= MOST_PING_OCTETS &&
    timeoutMs >= 1 && timeoutMs <= MOST_PING_MS;
  if (!isSound) {
    const message = `${count} pings of ${size} octets in ${timeoutMs} ms each are none`;
    const next = `up to ${MOST_PINGS}, of up to ${MOST_PING_OCTETS} octets, in up to a minute each`;
    throw new ControlError("usage", message, next);
  }
  const { state, secrets } = await keeper.declared();
  const declared = state.portals.find((each) => isSamePortal(each, portal));
  const { authenticationOf } = await import("./authentication_of.ts");
  try {
    const replies = await ping(running.node, {
      ...{ portal: portalOf(portal), count, size, timeoutMs },
      authentication: authenticationOf(
        running.node,
        declared === undefined ? undefined : accountsOf(declared, secrets),
      ),
    });
    return { portal, size, replies: replies.map((ms) => ms ?? null) };
  } catch (error) {
    throw controlErrorOf(error);
  }
}

function portalOf({ address: host, port }: { address: string; port: number }) {
  return { host, port };
}

function connectionOf(session: RunningSession, cid: number): ConnectionFacts {
  const found = session.connections.find((each) => each.cid === cid);
  if (found !== undefined) return found;
  throw new ControlError(
    "not-found",
    `session ${session.id} has no connection ${cid}`,
    "see its connections: sanctl initiator sessions --json",
  );
}

/** What a login does not say is as it was said when the target was added. */
function withDefaults(login: NewLogin, known: DeclaredTarget | undefined): NewLogin {
  return {
    ...login,
    headerDigest: login.headerDigest ?? known?.headerDigest,
    dataDigest: login.dataDigest ?? known?.dataDigest,
  };
}

/** Where a login came to less than was asked for. */
function noticesOf({ connections = 1 }: NewLogin, { sessions }: MadeLogin): string[] {
  return sessions.filter((session) => session.connections.length < connections)
    .map((session) =>
      `session ${session.id} has ${session.connections.length} of ${connections} connections: ` +
      "the target takes no more"
    );
}

/** The sessions of a target, or one. */
function chosen(running: RunningInitiator, { target, session: id }: LogoutChoice) {
  if ((target === undefined) === (id === undefined)) {
    throw new ControlError("usage", "either a target or a session is logged out of", undefined);
  }
  if (id !== undefined) {
    const { login, session } = running.findSession(id);
    return { login, sessions: [session] };
  }
  const login = running.login(checkIscsiName(target!));
  if (login !== undefined) return { login, sessions: [...login.sessions] };
  throw new ControlError(
    "not-found",
    `target ${target} is not logged in to`,
    "see the sessions: sanctl initiator sessions",
  );
}
