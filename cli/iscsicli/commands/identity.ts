/** Who the initiator is, what it proves, and what it waits for. */
import { exactly, type IscsicliCommand } from "../command.ts";
import { Isdsc } from "../isdsc.ts";
import { unsupported } from "../login_words.ts";
import { isStar } from "../words.ts";

/** IPsec is the network's business here. */
const UNSUPPORTED: readonly (readonly [name: string, words: string, ...counts: number[]])[] = [
  ["CHAPSecret", "<chap secret>", 1],
  [
    "TunnelAddr",
    "<Initiator Name> <InitiatorPort> <Destination Address> <Tunnel Address> <Persist>",
    5,
  ],
  ["GroupKey", "<Key> <Persist>", 2],
  ["PSKey", "<Initiator Name> <initiator Port> <Security Flags> <Id Type> <Id> <Key> <persist>", 7],
  ["GetPSKey", "<Initiator Name> <initiator Port> <Id Type> <Id>", 4],
  ["AddPersistentDevice", "<Volume or Device Path>", 1], // all are bound, or none
  [
    "Ping",
    "<Initiator Name> <Address> [Request Count] [Request Size] [Request Timeout]",
    2,
    3,
    4,
    5,
  ],
];

/** What Windows calls an initiator that nobody has named. */
const DEFAULT_NAME = "iqn.1991-05.com.microsoft:";

export const IDENTITY_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "NodeName",
    words: "<node name>",
    takes: exactly(1),
    failures: { "usage": Isdsc.ISCSI_NAME_INVALID },
    async run({ control }, [name]) {
      await control.setName(
        isStar(name!) ? `${DEFAULT_NAME}${Deno.hostname().toLowerCase()}` : name!,
      );
    },
  },
  ...UNSUPPORTED.map(([name, words, ...counts]): IscsicliCommand => ({
    name,
    words,
    takes: exactly(...counts),
    run: () => Promise.reject(unsupported()),
  })),
];
