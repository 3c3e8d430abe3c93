/** What all sessions of a login have in common. */
import type { ChapAccounts } from "../initiator/chap.ts";
import type { NewLogin } from "./control.ts";

export interface LoginShape {
  readonly target: string;
  readonly multipath: boolean;
  readonly persistent: boolean;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly connections: number;
  readonly maxConnections: number | undefined;
  readonly defaultTime2Wait: number | undefined;
  readonly defaultTime2Retain: number | undefined;
  /** For questions alone: its LUNs are no devices. */
  readonly informational: boolean;
  readonly accounts: ChapAccounts | undefined;
}

/** What is asked for of it; what is left out is as usual. */
export type AskedShape = Pick<
  NewLogin,
  | "target"
  | "multipath"
  | "headerDigest"
  | "dataDigest"
  | "connections"
  | "informational"
  | "maxConnections"
  | "defaultTime2Wait"
  | "defaultTime2Retain"
>;

export function shapeOf(
  login: AskedShape,
  accounts: ChapAccounts | undefined,
  persistent: boolean,
): LoginShape {
  const { target, multipath = false, headerDigest = false, dataDigest = false } = login;
  const { connections = 1, informational = false } = login;
  const { maxConnections, defaultTime2Wait, defaultTime2Retain } = login;
  return {
    ...{ target, multipath, headerDigest, dataDigest, connections, accounts, persistent },
    ...{ informational, maxConnections, defaultTime2Wait, defaultTime2Retain },
  };
}

/** What is declared of the shape of a login; what holds without is left out. */
export function declaredShape(login: AskedShape) {
  const { target, headerDigest = false, dataDigest = false, connections = 1 } = login;
  const { informational, maxConnections, defaultTime2Wait, defaultTime2Retain } = login;
  return {
    ...{ target, headerDigest, dataDigest, connections },
    ...(informational ? { informational } : {}),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(defaultTime2Wait === undefined ? {} : { defaultTime2Wait }),
    ...(defaultTime2Retain === undefined ? {} : { defaultTime2Retain }),
  };
}
