/** An iSNS server, as commands of the target and of the initiator take it. */
import { parseIsnsServer } from "./address.ts";

export const NEW_ISNS_SERVER = {
  brief: "An address or a host name, and a port; 3205 without a port",
  placeholder: "ADDR:PORT",
  parse: parseIsnsServer,
} as const;
