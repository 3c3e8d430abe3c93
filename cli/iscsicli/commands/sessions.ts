/** Logins, now and at every start, and the sessions that they are. */
import type {
  InitiatorDeviceFacts,
  InitiatorSessionFacts,
  NewLogin,
} from "../../../lib/initiator_service/control.ts";
import { exactly, type IscsicliCommand, type Surroundings, withMappings } from "../command.ts";
import { IscsicliError, Isdsc } from "../isdsc.ts";
import { checkInstance, portNumberText, sourceAddressOf } from "../initiator_port.ts";
import { LOGIN_WORDS, loginOf, quickChap } from "../login_words.ts";
import { INITIATOR_INSTANCE } from "../names.ts";
import { optionLines, securityLines } from "../option_text.ts";
import { connectionId, findSession, plain, prefixed, sessionId } from "../session_id.ts";
import { booleanOf, isStar, socketOf, targetNameOf } from "../words.ts";

const LOGIN = "<TargetName> <ReportToPNP> <TargetPortalAddress> <TargetPortalSocket> " +
  "<Initiator Instance> <Port number> <Security Flags> <Login Flags> <Header Digest> " +
  "<Data Digest> <Max Connections> <DefaultTime2Wait> <DefaultTime2Retain> <Username> " +
  "<Password> <AuthType> <Key> <Mapping Count> <Target Lun> <OS Bus> <Os Target> <OS Lun> ...";

const LOGIN_FAILURES = {
  "not-found": Isdsc.TARGET_NAME_NOT_FOUND,
  "in-use": Isdsc.ALREADY_LOGGED_IN,
};

export const SESSION_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "LoginTarget",
    words: LOGIN,
    takes: withMappings(LOGIN_WORDS),
    failures: LOGIN_FAILURES,
    async run({ control, say, addresses }, words) {
      const login = loginOf(words, (await control.show()).name, addresses());
      say(loginLine(words));
      await logIn({ control, say, addresses }, login);
    },
  },
  {
    name: "PersistentLoginTarget",
    words: LOGIN,
    takes: withMappings(LOGIN_WORDS),
    failures: LOGIN_FAILURES,
    async run({ control, say, addresses }, words) {
      const login = loginOf(words, (await control.show()).name, addresses());
      say(loginLine(words));
      await control.logIn({ ...login, persistent: true, recordOnly: true });
    },
  },
  {
    name: "QLoginTarget",
    words: "<TargetName> [CHAP Username] [CHAP Password]",
    takes: exactly(1, 3),
    failures: LOGIN_FAILURES,
    async run(around, [target, user, secret]) {
      const { name } = await around.control.show();
      await logIn(around, { target: targetNameOf(target!), chap: quickChap(user, secret, name) });
    },
  },
  {
    name: "LogoutTarget",
    words: "<SessionId>",
    takes: exactly(1),
    failures: { "in-use": Isdsc.DEVICE_BUSY },
    async run({ control, say }, [word]) {
      const session = await findSession(control, word!);
      say(`Logout Target ${prefixed(sessionId(session))}`);
      await control.logOut({ session: session.id });
    },
  },
  { name: "ListPersistentTargets", words: "", takes: exactly(0), run: listPersistent },
  {
    name: "RemovePersistentTarget",
    words: "<Initiator Name> <TargetName> <Port Number> <Target Portal Address> " +
      "<Target Portal Socket>",
    takes: exactly(5),
    failures: { "not-found": Isdsc.CANNOT_REMOVE_PERSISTENT_LOGIN },
    run: removePersistent,
  },
  { name: "SessionList", words: "[Show Session Info]", takes: exactly(0, 1), run: listSessions },
  { name: "ReportTargetMappings", words: "", takes: exactly(0), run: reportMappings },
  {
    name: "ListInitiators",
    words: "",
    takes: exactly(0),
    run({ say }) {
      say("Initiators List:");
      say(`    ${INITIATOR_INSTANCE}`);
      return Promise.resolve();
    },
  },
];

/** Every word has to be as it was recorded. */
async function removePersistent(
  { control, addresses }: Surroundings,
  [instance, name, number, address, socket]: readonly string[],
): Promise<void> {
  const target = name!.toLowerCase();
  const portal = isStar(address!) ? undefined : { address: address!, port: socketOf(socket!) };
  checkInstance(instance);
  const source = sourceAddressOf(number, addresses()) ?? null;
  const login = (await control.listPersistent()).find((each) => each.target === target);
  const path = login?.paths.find(({ portal: each }) =>
    portal === undefined || (each.address === portal.address && each.port === portal.port)
  );
  if (path === undefined || (source !== null && path.sourceAddress !== source)) {
    throw new IscsicliError(Isdsc.CANNOT_REMOVE_PERSISTENT_LOGIN);
  }
  await control.removePersistent({ target, portal });
}

function loginLine([target, , address, socket, instance]: readonly string[]): string {
  const by = isStar(instance!) ? "<no init instance>" : instance;
  const to = isStar(address!) ? "<no portal>/0" : `${address}/${socket}`;
  return `LoginTarget to ${target} on ${by} to ${to}`;
}

async function logIn({ control, say }: Surroundings, login: NewLogin): Promise<void> {
  const { facts } = await control.logIn(login);
  const session = facts.sessions.at(-1);
  if (session === undefined) throw new IscsicliError(Isdsc.NON_SPECIFIC_ERROR);
  say(`Session Id is ${prefixed(sessionId(session))}`);
  const [leading] = session.connectionList;
  say(`Connection Id is ${prefixed(connectionId(leading?.cid ?? 0))}`);
}

async function listSessions(
  { control, say }: Surroundings,
  [show]: readonly string[],
): Promise<void> {
  const sessions = await control.sessions();
  const devices = booleanOf(show, true) ? await control.devices() : undefined;
  const { name } = await control.show();
  say(`Total of ${sessions.length} sessions`);
  say("");
  for (const session of sessions) {
    sessionLines(session, name).forEach(say);
    const own = devices?.filter((device) => goesThrough(device, session));
    if (own !== undefined && own.length > 0) deviceLines(own, session).forEach(say);
    say("");
  }
}

function goesThrough({ paths }: InitiatorDeviceFacts, { id }: InitiatorSessionFacts): boolean {
  return paths.some(({ session }) => session === id);
}

function sessionLines(session: InitiatorSessionFacts, name: string): string[] {
  const lines = [
    `Session Id             : ${plain(sessionId(session))}`,
    `Initiator Node Name    : ${name}`,
    "Target Node Name       : (null)",
    `Target Name            : ${session.target}`,
    `ISID                   : ${octets(session.isid)}`,
    `TSID                   : ${octets(littleEndian(session.tsih ?? 0))}`,
    `Number Connections     : ${session.connections}`,
  ];
  if (session.connections > 0) lines.push("", "    Connections:");
  for (const { cid, source, portal } of session.connectionList) {
    lines.push(
      "",
      `        Connection Id     : ${plain(connectionId(cid))}`,
      `        Initiator Portal  : ${source.address}/${source.port}`,
      `        Target Portal     : ${portal.address}/${portal.port}`,
      `        CID               : ${octets(littleEndian(cid))}`,
    );
  }
  return lines;
}

function deviceLines(
  devices: readonly InitiatorDeviceFacts[],
  session: InitiatorSessionFacts,
): string[] {
  const lines = ["", "    Devices:"];
  for (const [at, { lun, vendor, product, attached, name }] of devices.entries()) {
    const path = attached?.path ?? attached?.url;
    lines.push(
      "        Device Type            : Disk",
      `        Device Number          : ${at}`,
      "        Storage Device Type    : 7",
      "        Partition Number       : 0",
      `        Friendly Name          : ${`${vendor} ${product}`.trim()} SCSI Disk Device`,
      "        Device Description     : Disk drive",
      `        Reported Mappings      : Port 0, Bus 0, Target Id 0, LUN ${lun}`,
      `        Location               : Bus Number 0, Target Id 0, LUN ${lun}`,
      `        Initiator Name         : ${INITIATOR_INSTANCE}`,
      `        Target Name            : ${session.target}`,
      `        Device Interface Name  : ${name}`,
      `        Legacy Device Name     : ${path ?? ""}`,
      `        Device Instance        : 0x${lun.toString(16)}`,
      "        Volume Path Names      : ",
      ...(attached?.mounts ?? []).map((mount) => `${" ".repeat(33)}${mount}`),
    );
  }
  return lines;
}

/** `40 00 01 37 00 00`. */
function octets(hex: string): string {
  return hex.match(/../g)!.join(" ");
}

/** Two octets as the machine keeps them, the lower one first. */
function littleEndian(value: number): string {
  const hex = value.toString(16).padStart(4, "0");
  return hex.slice(2) + hex.slice(0, 2);
}

async function listPersistent({ control, say, addresses }: Surroundings): Promise<void> {
  const logins = await control.listPersistent();
  const rows = logins.flatMap((login) =>
    (login.paths.length === 0 ? [undefined] : login.paths).map((path) => ({ login, path }))
  );
  if (rows.length === 0) return;
  say(`Total of ${rows.length} peristent targets`);
  for (const { login, path } of rows) {
    const where = path === undefined ? "* 0" : `${path.portal.address} ${path.portal.port}`;
    const lines = [
      `    Target Name           : ${login.target}`,
      `    Address and Socket    : ${where}`,
      `    Session Type          : ${login.type === "data" ? "Data" : "Informational"}`,
      `    Initiator Name        : ${INITIATOR_INSTANCE}`,
      `    Port Number           : ${portNumberText(path?.sourceAddress ?? null, addresses())}`,
      ...securityLines(),
      ...optionLines({
        headerDigest: login.headerDigest || undefined,
        dataDigest: login.dataDigest || undefined,
        maxConnections: login.maxConnections ?? undefined,
        defaultTime2Wait: login.defaultTime2Wait ?? undefined,
        defaultTime2Retain: login.defaultTime2Retain ?? undefined,
        multipath: login.multipath,
        user: login.chapUser ?? undefined,
        isMutual: login.authentication === "mutual-chap",
      }),
      "",
    ];
    lines.forEach(say);
  }
}

async function reportMappings({ control, say }: Surroundings): Promise<void> {
  const devices = await control.devices();
  const sessions = (await control.sessions()).map((session) => ({
    session,
    luns: devices.filter((device) => goesThrough(device, session)).map(({ lun }) => lun),
  })).filter(({ luns }) => luns.length > 0);
  if (sessions.length === 0) return say("No mappings");
  say(`Total of ${sessions.length} mappings returned`);
  for (const [at, { session, luns }] of sessions.entries()) {
    const lines = [
      `    Session Id             : ${plain(sessionId(session))}`,
      `    Target Name            : ${session.target}`,
      `    Initiator              : ${INITIATOR_INSTANCE}`,
      "    Initiator Scsi Device  : \\\\.\\Scsi0:",
      "    Initiator Bus          : 0",
      `    Initiator Target Id    : ${at}`,
      ...luns.map((lun) =>
        `        Target LUN: 0x${lun.toString(16)} <--> OS Lun: 0x${lun.toString(16)}`
      ),
      "",
    ];
    lines.forEach(say);
  }
}
