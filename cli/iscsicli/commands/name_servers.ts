/** iSNS servers, which know targets by name. */
import { hostAndPort, parseTargetAddress } from "../../../lib/iscsi/portal_address.ts";
import type { PortalFacts } from "../../../lib/initiator_service/control.ts";
import { ISNS_PORT } from "../../../lib/isns/port.ts";
import { exactly, type IscsicliCommand } from "../command.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "../isdsc.ts";
import { unsupported } from "../login_words.ts";
import { isStar } from "../words.ts";

const SERVER_WORDS = "<iSNS Server Address>";
const FAILURES = { "not-found": Isdsc.ISNS_SERVER_NOT_FOUND };

export const NAME_SERVER_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "AddiSNSServer",
    words: SERVER_WORDS,
    takes: exactly(1),
    failures: { "in-use": Isdsc.ADDRESS_ALREADY_EXISTS },
    run: async ({ control }, [address]) => void await control.addIsnsServer(serverOf(address!)),
  },
  {
    name: "RemoveiSNSServer",
    words: SERVER_WORDS,
    takes: exactly(1),
    failures: FAILURES,
    run: async ({ control }, [address]) => void await control.removeIsnsServer(serverOf(address!)),
  },
  {
    name: "ListiSNSServers",
    words: "",
    takes: exactly(0),
    async run({ control, say }) {
      const servers = await control.listIsnsServers();
      if (servers.length === 0) say("No SNS Servers");
      for (const server of servers) say(`    ${textOf(server)}`);
    },
  },
  {
    name: "RefreshiSNSServer",
    words: SERVER_WORDS,
    takes: exactly(1),
    failures: FAILURES,
    async run({ control }, [address]) {
      const server = isStar(address!) ? undefined : serverOf(address!);
      const asked = await control.refreshIsnsServers(server);
      if (asked.some(({ error }) => error !== null)) return Isdsc.NOT_ALL_DISCOVERED;
    },
  },
  {
    // No firewall of the machine is this initiator's business.
    name: "FirewallExemptiSNSServer",
    words: "",
    takes: exactly(0),
    run: () => Promise.reject(unsupported()),
  },
];

/** An address, with a port where it is not the usual one. */
function serverOf(word: string): PortalFacts {
  // An IPv6 address without brackets has no port.
  if (/^[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(word)) return { address: word, port: ISNS_PORT };
  const address = parseTargetAddress(word);
  if (address === undefined) throw new IscsicliError(INVALID_PARAMETER);
  const hasPort = /:\d+$/.test(word);
  return { address: address.host, port: hasPort ? address.port : ISNS_PORT };
}

function textOf({ address, port }: PortalFacts): string {
  return port === ISNS_PORT ? address : hostAndPort(address, port);
}
