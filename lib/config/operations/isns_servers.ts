/** Which name servers initiators can find the targets by. */
import { ControlError } from "../control_error.ts";
import type { PortalFacts } from "../facts.ts";
import { checkServerHost, isnsServerName, MOST_ISNS_SERVERS } from "../isns_servers.ts";
import { checkPort } from "../portals.ts";
import type { DeclaredIsnsServer, DeclaredState } from "../schema.ts";
import type { Outcome } from "./outcome.ts";

export function addIsnsServer(state: DeclaredState, asked: PortalFacts): Outcome {
  const server = { address: checkServerHost(asked.address), port: checkPort(asked.port) };
  const name = isnsServerName(server);
  const present = state.isnsServers ?? [];
  if (present.some((each) => isnsServerName(each) === name)) {
    throw new ControlError(
      "in-use",
      `there is an iSNS server ${name} already`,
      "see how it is: sanctl target isns list",
    );
  }
  if (present.length === MOST_ISNS_SERVERS) {
    throw new ControlError(
      "failed",
      `there are ${MOST_ISNS_SERVERS} iSNS servers, which is as many as there may be`,
      "take one away that is not needed: sanctl target isns remove",
    );
  }
  return { state: { ...state, isnsServers: [...present, server] }, notices: [] };
}

export function removeIsnsServer(state: DeclaredState, asked: PortalFacts): Outcome {
  const server = findIsnsServer(state, asked);
  const { isnsServers = [], ...rest } = state;
  const left = isnsServers.filter((each) => each !== server);
  return { state: left.length === 0 ? rest : { ...rest, isnsServers: left }, notices: [] };
}

export function findIsnsServer(state: DeclaredState, asked: PortalFacts): DeclaredIsnsServer {
  const name = isnsServerName({ address: checkServerHost(asked.address), port: asked.port });
  const server = state.isnsServers?.find((each) => isnsServerName(each) === name);
  if (server !== undefined) return server;
  throw new ControlError(
    "not-found",
    `there is no iSNS server ${name} declared`,
    "sanctl target isns list shows those there are",
  );
}
