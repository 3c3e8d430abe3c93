/** Discovery: portals that are asked, targets that they offer, targets that are known by hand. */
import type {
  KnownTargetFacts,
  NewStaticTarget,
  PortalFacts,
} from "../../../lib/initiator_service/control.ts";
import { exactly, type IscsicliCommand, type Surroundings, withMappings } from "../command.ts";
import { checkInstance } from "../initiator_port.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "../isdsc.ts";
import { loginOptionsOf, quickChap } from "../login_words.ts";
import { INITIATOR_INSTANCE, ISCSI_SOCKET } from "../names.ts";
import { optionLines, securityLines } from "../option_text.ts";
import {
  addressOf,
  booleanOf,
  isStar,
  numberOf,
  socketOf,
  targetNameOf,
  unlessStar,
} from "../words.ts";

const PORTAL_WORDS = "<TargetPortalAddress> <TargetPortalSocket>";
const WHICH_ADAPTER = "[HBA Name] [Port Number]";
const LOGIN_OPTIONS = "<Security Flags> <Login Flags> <Header Digest> <Data Digest> " +
  "<Max Connections> <DefaultTime2Wait> <DefaultTime2Retain> <Username> <Password> <AuthType>";

/** Where the options of logins begin: of AddTargetPortal, and of AddTarget. */
const PORTAL_LOGIN_FLAGS = 5, TARGET_LOGIN_FLAGS = 6;

const PORTAL_FAILURES = {
  "not-found": Isdsc.PORTAL_NOT_FOUND,
  "in-use": Isdsc.PORTAL_ALREADY_EXISTS,
};
/** Target Flags. */
const HIDE_STATIC_TARGET = 0x2, MERGE_TARGET_INFORMATION = 0x4;

const TARGET_FAILURES = { "not-found": Isdsc.TARGET_NAME_NOT_FOUND };

export const TARGET_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "AddTarget",
    words: "<TargetName> <TargetAlias> <TargetPortalAddress> <TargetPortalSocket> " +
      "<Target flags> <Persist> <Login Flags> <Header Digest> <Data Digest> <Max Connections> " +
      "<DefaultTime2Wait> <DefaultTime2Retain> <Username> <Password> <AuthType> <Mapping Count> " +
      "<Target Lun> <OS Bus> <Os Target> <OS Lun> ...",
    takes: withMappings(16),
    async run({ control }, words) {
      const [name, alias, address, socket, flagsWord, persistWord] = words;
      const flags = numberOf(flagsWord!);
      const { name: nodeName } = await control.show();
      const login = loginOptionsOf(words.slice(TARGET_LOGIN_FLAGS), nodeName);
      const { chap, mutual, headerDigest, dataDigest } = login;
      await addTarget(control, {
        iqn: targetNameOf(name!),
        portals: portalsOf(addressOf(address!), unlessStar(socket!)),
        alias: unlessStar(alias!),
        hidden: (flags & HIDE_STATIC_TARGET) !== 0 || undefined,
        merge: (flags & MERGE_TARGET_INFORMATION) !== 0 || undefined,
        persist: booleanOf(persistWord!, true) ? undefined : false,
        ...{ chap, mutual, headerDigest, dataDigest },
      });
    },
  },
  {
    name: "QAddTarget",
    words: "<TargetName> <TargetPortalAddress>",
    takes: exactly(2),
    run: ({ control }, [name, address]) =>
      addTarget(control, {
        iqn: targetNameOf(name!),
        portals: portalsOf(addressOf(address!), String(ISCSI_SOCKET)),
      }),
  },
  {
    name: "RemoveTarget",
    words: "<TargetName>",
    takes: exactly(1),
    failures: TARGET_FAILURES,
    run: async ({ control }, [name]) => void await control.removeTarget(name!),
  },
  {
    name: "AddTargetPortal",
    words: `${PORTAL_WORDS} [HBA Name] [Port Number] ${LOGIN_OPTIONS}`,
    takes: (count) => count === 2 || count >= 14,
    failures: PORTAL_FAILURES,
    run: addPortal,
  },
  {
    name: "QAddTargetPortal",
    words: "<TargetPortalAddress> [CHAP Username] [CHAP Password]",
    takes: exactly(1, 3),
    failures: PORTAL_FAILURES,
    async run({ control }, [address, user, secret]) {
      const { name } = await control.show();
      const chap = quickChap(user, secret, name);
      await control.addPortal({ address: address!, port: ISCSI_SOCKET, chap });
    },
  },
  {
    name: "RemoveTargetPortal",
    words: `${PORTAL_WORDS} ${WHICH_ADAPTER}`,
    takes: exactly(2, 3, 4),
    failures: PORTAL_FAILURES,
    run: async ({ control }, words) => void await control.removePortal(portalOf(words)),
  },
  {
    name: "RefreshTargetPortal",
    words: `${PORTAL_WORDS} ${WHICH_ADAPTER}`,
    takes: exactly(2, 3, 4),
    failures: PORTAL_FAILURES,
    async run({ control }, words) {
      const [asked] = await control.refreshPortals(portalOf(words));
      if (asked !== undefined && asked.error !== null) return Isdsc.CONNECTION_FAILED;
    },
  },
  {
    name: "ListTargets",
    words: "[ForceUpdate]",
    takes: exactly(0, 1),
    async run({ control, say }, [force]) {
      if (booleanOf(force, false)) {
        await Promise.all([control.refreshPortals(), control.refreshIsnsServers()]);
      }
      say("Targets List:");
      for (const { iqn } of await control.listTargets()) say(`    ${iqn}`);
    },
  },
  {
    name: "ListTargetPortals",
    words: "",
    takes: exactly(0),
    run: listPortals,
  },
  {
    name: "TargetInfo",
    words: "<TargetName> [Discovery Mechanism]",
    takes: exactly(1, 2),
    failures: TARGET_FAILURES,
    run: targetInfo,
  },
];

function portalOf([address, socket]: readonly string[]): PortalFacts {
  return { address: address!, port: socketOf(socket!) };
}

/** Without either of its words there is none. */
function portalsOf(address: string | undefined, socket: string | undefined): PortalFacts[] {
  if (address === undefined || socket === undefined) return [];
  return [{ address, port: socketOf(socket) }];
}

async function addTarget(
  control: Surroundings["control"],
  target: NewStaticTarget,
): Promise<void> {
  await control.addTarget(target);
}

async function addPortal({ control }: Surroundings, words: readonly string[]): Promise<void> {
  const portal = portalOf(words);
  if (words.length === 2) return void await control.addPortal(portal);
  const { name } = await control.show();
  checkInstance(words[2]);
  const { chap, mutual, headerDigest, dataDigest } = loginOptionsOf(
    words.slice(PORTAL_LOGIN_FLAGS),
    name,
  );
  await control.addPortal({ ...portal, chap, mutual, headerDigest, dataDigest });
}

async function listPortals({ control, say }: Surroundings): Promise<void> {
  const portals = await control.listPortals();
  if (portals.length === 0) return;
  say(`Total of ${portals.length} portals are persisted:`);
  say("");
  for (const { address, port, chapUser, authentication, headerDigest, dataDigest } of portals) {
    const lines = [
      `    Address and Socket   : ${address} ${port}`,
      "    Symbolic Name        : ",
      `    Initiator Name       : ${INITIATOR_INSTANCE}`,
      "    Port Number          : <Any Port>",
      ...securityLines(),
      ...optionLines({
        headerDigest: headerDigest || undefined,
        dataDigest: dataDigest || undefined,
        user: chapUser ?? undefined,
        isMutual: authentication === "mutual-chap",
      }),
      "",
    ];
    lines.forEach(say);
  }
}

async function targetInfo(
  { control, say }: Surroundings,
  [name, word]: readonly string[],
): Promise<void> {
  const target = (await control.listTargets()).find(({ iqn }) => iqn === name!.toLowerCase());
  if (target === undefined) throw new IscsicliError(Isdsc.TARGET_NAME_NOT_FOUND);
  const mechanisms = [...new Set(target.portals.map(({ foundBy }) => mechanismOf(foundBy)))];
  const asked = word === undefined || isStar(word) ? undefined : word;
  say(`Get Target information for ${name} discovered by ${asked ?? "<all mechanisms>"}`);
  if (mechanisms.length === 0) say("    Discovery Mechanisms: <This List is Empty>");
  else say("    Discovery Mechanisms :");
  for (const mechanism of mechanisms) say(`         "${mechanism}"`);
  if (asked === undefined) return;
  const found = target.portals.filter(({ foundBy }) => mechanismOf(foundBy) === asked);
  if (found.length === 0) throw new IscsicliError(INVALID_PARAMETER);
  recordLines(found, target.alias).forEach(say);
}

/** `SendTargets:*192.0.2.1 0003260 Root\ISCSIPRT\0000_0`, `iSNS:192.0.2.5`, or `Static`. */
function mechanismOf(foundBy: string): string {
  const server = /^isns:(.*?)(:3205)?$/.exec(foundBy);
  if (server !== null) return `iSNS:${server[1]}`;
  const portal = /^(.*):(\d+)$/.exec(foundBy);
  if (portal === null) return "Static";
  return `SendTargets:*${portal[1]} ${portal[2]!.padStart(7, "0")} ${INITIATOR_INSTANCE}`;
}

function recordLines(portals: KnownTargetFacts["portals"], alias: string): string[] {
  const groups = Map.groupBy(portals, ({ portalGroup }) => portalGroup ?? 0);
  const lines = [
    "    Protocol Type        : iSCSI TCP Protocol",
    `    Target Alias         : ${alias}`,
    `    PortalGroups         : ${groups.size} portal groups`,
  ];
  for (const [at, [, members]] of [...groups].entries()) {
    lines.push(`        Group ${at} has ${members.length} portals`);
    for (const { address, port } of members) {
      lines.push(`            Address and Socket    : ${address} ${port}`);
      lines.push("            Symbolic Name         : ");
    }
  }
  return [
    ...lines,
    `    Initiator Name       : ${INITIATOR_INSTANCE}`,
    "    Target Flags         : 0x0",
    ...optionLines({}),
  ];
}
