/** Who the initiator is, what it proves, and what it waits for. */
import { exactly, type IscsicliCommand } from "../command.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "../isdsc.ts";
import { unsupported } from "../login_words.ts";
import { isStar, numberOf, secretOf, unlessStar } from "../words.ts";

/** IPsec is the network's business here. */
const UNSUPPORTED: readonly (readonly [name: string, words: string, ...counts: number[]])[] = [
  [
    "TunnelAddr",
    "<Initiator Name> <InitiatorPort> <Destination Address> <Tunnel Address> <Persist>",
    5,
  ],
  ["GroupKey", "<Key> <Persist>", 2],
];

/** What Windows calls an initiator that nobody has named. */
const DEFAULT_NAME = "iqn.1991-05.com.microsoft:";

/** Payload Id Types of IPsec: ID_IPV4_ADDR, ID_FQDN, ID_USER_FQDN, ID_IPV6_ADDR. */
const ID_TYPES = [1, 2, 3, 5];
const ID_TYPE_ERROR =
  "Error, only id types ID_IPV4_ADDR (1), ID_FQDN (2), ID_USER_FQDN supported (3)";

/** Keys of IPsec, whose kind of id is looked at all the same. */
const PRESHARED_KEYS = [
  {
    name: "PSKey",
    words: "<Initiator Name> <initiator Port> <Security Flags> <Id Type> <Id> <Key> <persist>",
    count: 7,
    idTypeAt: 3,
  },
  {
    name: "GetPSKey",
    words: "<Initiator Name> <initiator Port> <Id Type> <Id>",
    count: 4,
    idTypeAt: 2,
  },
] as const;

export const IDENTITY_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "CHAPSecret",
    words: "<chap secret>",
    takes: exactly(1),
    async run({ control }, [word]) {
      const secret = unlessStar(word!);
      await control.setMutualSecret(
        secret === undefined ? undefined : secretOf(secret, Isdsc.INITIATOR_SECRET_INVALID),
      );
    },
  },
  ...PRESHARED_KEYS.map(({ name, words, count, idTypeAt }): IscsicliCommand => ({
    name,
    words,
    takes: exactly(count),
    run(_, given) {
      const isKnown = ID_TYPES.includes(numberOf(given[idTypeAt]!));
      return Promise.reject(
        isKnown ? unsupported() : new IscsicliError(INVALID_PARAMETER, ID_TYPE_ERROR),
      );
    },
  })),
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
