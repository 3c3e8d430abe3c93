/** Records logins, so that they are restored whenever the service begins. */
import { ControlError } from "../config/control_error.ts";
import type { ChapAccounts } from "../initiator/chap.ts";
import { declareAccounts } from "./accounts.ts";
import type { Changed, LoginFacts, NewLogin } from "./control.ts";
import { findLogin, recordLogin } from "./declared_changes.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { knownTargets } from "./known_targets.ts";
import { planLogin } from "./login_plan.ts";
import { declaredShape } from "./login_shape.ts";
import type { MadeLogin } from "./running_initiator.ts";
import type { RunningSession } from "./running_session.ts";
import type { DeclaredPath } from "./schema.ts";

/** Records a login as it is now, with all of its sessions. */
export async function persist(
  keeper: InitiatorKeeper,
  { login }: MadeLogin,
  accounts: ChapAccounts | undefined,
): Promise<void> {
  const { multipath } = login.shape;
  const { declared, secrets } = declareAccounts(accounts ?? login.shape.accounts);
  const paths = login.sessions.map(pathOf);
  await keeper.change((all) => ({
    state: recordLogin(all.state, {
      ...{ ...declaredShape(login.shape), paths, ...declared },
      multipath: multipath || paths.length > 1,
    }),
    secrets: new Map([...all.secrets, ...secrets]),
  }));
  login.shape = { ...login.shape, persistent: true, multipath: multipath || paths.length > 1 };
}

function pathOf({ plan, path: { kept } }: RunningSession): DeclaredPath {
  const { portal: { host: address, port }, sourceAddress } = plan;
  const openIn = kept.session?.targetPortalGroupTag;
  return {
    ...{ address, port, isid: kept.isid.toHex() },
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    ...(openIn === undefined ? {} : { openIn }),
  };
}

/** The type of ISID whose other octets are random. RFC 7143 11.12.5. */
const RANDOM_ISID = 0x80;

/** Records a login for the service's next beginning, and makes none now. */
export async function recordAlone(
  keeper: InitiatorKeeper,
  login: NewLogin,
  accounts: ChapAccounts | undefined,
): Promise<Changed<LoginFacts>> {
  const state = await keeper.state();
  const known = keeper.running?.knownTargets() ??
    knownTargets({
      ...{ state, loggedIn: [], nameServers: [], targetsOf: () => [], sessionsWith: () => 0 },
    });
  const { target, paths, isChoice } = planLogin(login, known);
  const { multipath = false } = login;
  if (findLogin(state, target) !== undefined && !multipath) {
    throw new ControlError(
      "in-use",
      `there is a persistent login to ${target} already`,
      `first sanctl initiator persistent remove ${target}`,
    );
  }
  const { declared, secrets } = declareAccounts(accounts);
  const recorded = (isChoice ? paths.slice(0, 1) : paths).map(({ portal, sourceAddress }) => ({
    ...portal,
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    isid: newIsid().toHex(),
  }));
  await keeper.change((all) => ({
    state: recordLogin(all.state, {
      ...{ ...declaredShape({ ...login, target }), multipath, paths: recorded, ...declared },
    }),
    secrets: new Map([...all.secrets, ...secrets]),
  }));
  const notice = "it is logged in to when the service begins";
  return { facts: { target, persistent: true, sessions: [], devices: [] }, notices: [notice] };
}

function newIsid(): Uint8Array {
  const isid = crypto.getRandomValues(new Uint8Array(6));
  isid[0] = RANDOM_ISID;
  return isid;
}
