import assert from "node:assert/strict";
import { statusText } from "../../../../cli/iscsicli/isdsc.ts";
import { iscsicli } from "../../../../cli/iscsicli/iscsicli.ts";
import { ControlError } from "../../../../lib/config/control_error.ts";
import { type Answers, DEVICE, LOGIN, NODE_NAME, ran, SESSION, TARGET } from "./fake_control.ts";

const DONE = "The operation completed successfully. ";

Deno.test("iscsicli LoginTarget says to what, and the ids of what came of it", async () => {
  const { lines } = await ran(`LoginTarget ${TARGET} ${stars(16)} 0`);
  assert.deepEqual(lines, [
    `LoginTarget to ${TARGET} on <no init instance> to <no portal>/0`,
    "Session Id is 0xfffffa8000000000-0x400001370000000d",
    "Connection Id is 0xfffffa8000000000-0x1",
    DONE,
  ]);
});

Deno.test("iscsicli SessionList keeps labels and columns", async () => {
  const { lines } = await ran("SessionList");
  assert.equal(
    lines.join("\n"),
    `Total of 1 sessions

Session Id             : fffffa8000000000-400001370000000d
Initiator Node Name    : ${NODE_NAME}
Target Node Name       : (null)
Target Name            : ${TARGET}
ISID                   : 40 00 01 37 00 00
TSID                   : 27 00
Number Connections     : 1

    Connections:

        Connection Id     : fffffa8000000000-1
        Initiator Portal  : 192.168.1.5/58847
        Target Portal     : 192.168.1.108/3260
        CID               : 01 00

    Devices:
        Device Type            : Disk
        Device Number          : 0
        Storage Device Type    : 7
        Partition Number       : 0
        Friendly Name          : SANCTL VIRTUAL DISK SCSI Disk Device
        Device Description     : Disk drive
        Reported Mappings      : Port 0, Bus 0, Target Id 0, LUN 0
        Location               : Bus Number 0, Target Id 0, LUN 0
        Initiator Name         : Root\\ISCSIPRT\\0000_0
        Target Name            : ${TARGET}
        Device Interface Name  : target1/0
        Legacy Device Name     : /dev/nbd0
        Device Instance        : 0x0
        Volume Path Names      : 
                                 /srv

${DONE}`,
  );
  const short = await ran("sessionlist f");
  assert.ok(!short.lines.includes("    Devices:"));
  assert.equal((await ran("SessionList", { sessions: [] })).lines[0], "Total of 0 sessions");
});

Deno.test("iscsicli ListPersistentTargets misspells its heading, as scripts expect", async () => {
  const { lines } = await ran("ListPersistentTargets", { listPersistent: [LOGIN] });
  assert.equal(
    lines.join("\n"),
    `Total of 1 peristent targets
    Target Name           : ${TARGET}
    Address and Socket    : 10.0.0.5 3260
    Session Type          : Data
    Initiator Name        : Root\\ISCSIPRT\\0000_0
    Port Number           : <Any Port>
    Security Flags        : 0x0
    Version              : 0
    Information Specified: 0xe1
    Header Digest        : CRC-32C
    Login Flags          : 0x2
        Multipath Enabled
    Authentication Type  : CHAP
    Username             :
        6d 65                                               me
    Password             : <is established>

${DONE}`,
  );
  assert.deepEqual((await ran("ListPersistentTargets")).lines, [DONE]);
});

Deno.test("iscsicli ListTargets lists names, and asks the portals anew where told to", async () => {
  const listTargets = [{ iqn: TARGET, portals: [], state: "known", sessions: 0 }];
  const { lines } = await ran("ListTargets", { listTargets });
  assert.deepEqual(lines, ["Targets List:", `    ${TARGET}`, DONE]);
});

Deno.test("iscsicli TargetInfo tells how a target was found, and then what is known of it", async () => {
  const portals = [
    { address: "10.0.0.5", port: 3260, portalGroup: 1, foundBy: "10.0.0.5:3260" },
    { address: "10.0.1.5", port: 3260, portalGroup: 2, foundBy: "10.0.0.5:3260" },
  ];
  const listTargets = [{ iqn: TARGET, portals, state: "known", sessions: 0 }];
  const mechanism = "SendTargets:*10.0.0.5 0003260 Root\\ISCSIPRT\\0000_0";
  const { lines } = await ran(`TargetInfo ${TARGET}`, { listTargets });
  assert.deepEqual(lines, [
    `Get Target information for ${TARGET} discovered by <all mechanisms>`,
    "    Discovery Mechanisms :",
    `         "${mechanism}"`,
    DONE,
  ]);
  const unknown = await ran("TargetInfo iqn.x:other", { listTargets });
  assert.equal(unknown.status, 0xefff0029);
});

Deno.test("iscsicli ScsiInquiry shows what came, and sense data where it failed", async () => {
  const line = `ScsiInquiry fffffa8000000000-400001370000000d 0 1 0x83`;
  const good = await ran(line, { ask: { status: 0, data: "0083002041", sense: null } });
  assert.deepEqual(good.calls, ['ask("13",{"kind":"inquiry","lun":0,"page":131})']);
  assert.deepEqual(good.lines, [
    "    ScsiStatus             : 0x0",
    "    Response Buffer Size   : 0x5",
    "        00 83 00 20 41                                      ...  A".replace("...  A", "....A"),
    DONE,
  ]);
  const bad = await ran(line, { ask: { status: 2, data: "", sense: "7000" } });
  assert.equal(bad.status, 0xefff001d);
  assert.equal(bad.lines[1], "    Sense Buffer Size      : 0x2");
});

Deno.test("iscsicli refuses ids and LUNs that are none", async () => {
  for (
    const [line, said, status] of [
      ["ReadCapacity nonsense 0", "Invalid sessionid: nonsense", 87],
      ["ReadCapacity fffffa8000000000-400001370000000d x", "Invalid LUN: x", 87],
      [`LoginTarget t t host * ${stars(13)} 0`, "Portal address and socket must be specified", 87],
      [
        `LoginTarget t t ${stars(15)} 1 0x12 0 0 0`,
        "Target LUN must be in 0x0123456789abcdef format",
        87,
      ],
    ] as const
  ) {
    const ended = await ran(line);
    assert.equal(ended.status, status, line);
    assert.equal(ended.lines[0], said);
  }
  const gone = await ran("ReportLUNs fffffa8000000000-1");
  assert.equal(gone.status, 0xefff001c);
});

Deno.test("iscsicli ends with the target's own verdict, where it gave one", async () => {
  for (
    const [loginStatus, status] of [[0x0201, 0xefff0009], [0x0202, 0xefff000a], [
      0x0302,
      0xefff0014,
    ]] as const
  ) {
    const logIn = new ControlError("permission", "refused", undefined, { loginStatus });
    assert.equal((await ran("QLoginTarget iqn.x:t", { logIn })).status, status);
  }
  const kinds = [["unreachable", 0xefff0003], ["not-found", 0xefff0029], ["in-use", 0xefff003f]];
  for (const [kind, status] of kinds) {
    const logIn = new ControlError(kind as "unreachable", "no", "do so");
    const { status: ended, lines } = await ran("QLoginTarget iqn.x:t", { logIn });
    assert.equal(ended, status);
    assert.equal(lines[0], "no; do so");
  }
  const logOut = new ControlError("in-use", "mounted");
  const line = "LogoutTarget fffffa8000000000-400001370000000d";
  assert.equal((await ran(line, { logOut })).status, 0xefff0040);
});

const SESSION_ID = "fffffa8000000000-400001370000000d";

Deno.test("iscsicli QAddConnection tells the id of what was added, AddConnection does not", async () => {
  const { lines, calls } = await ran(`QAddConnection ${SESSION_ID} * 10.0.1.5 me secretsecret12`);
  assert.deepEqual(lines, ["Connection Id is 0xfffffa8000000000-0x2", DONE]);
  assert.deepEqual(calls, [
    'addConnection("13",{"portal":{"address":"10.0.1.5","port":3260},' +
    '"chap":{"user":"me","secret":"secretsecret12"}})',
  ]);
  const long = await ran(`AddConnection ${SESSION_ID} ${stars(15)}`);
  assert.deepEqual(long.lines, [DONE]);
  const addConnection = new ControlError("failed", "too many", "less", { loginStatus: 0x0206 });
  const full = await ran(`QAddConnection ${SESSION_ID} * *`, { addConnection });
  assert.equal(full.status, 0xefff000e);
});

Deno.test("iscsicli RemoveConnection takes neither the leading connection nor the last", async () => {
  const [leading] = SESSION.connectionList;
  const two = [{ ...SESSION, connectionList: [leading!, { ...leading!, cid: 2 }] }];
  const line = (cid: string) => `RemoveConnection ${SESSION_ID} 0xfffffa8000000000-0x${cid}`;
  const { status, calls } = await ran(line("2"), { sessions: two });
  assert.deepEqual([status, calls], [0, ['removeConnection("13",2)']]);
  assert.equal((await ran(line("1"), { sessions: two })).status, 0xefff0064);
  assert.equal((await ran(line("7"), { sessions: two })).status, 0xefff0063);
  assert.equal((await ran(line("1"))).status, 0xefff003d);
  const bad = await ran(`RemoveConnection ${SESSION_ID} x`);
  assert.deepEqual([bad.status, bad.lines[0]], [87, "Invalid connectionid: x"]);
});

Deno.test("iscsicli SessionList tells of every connection, and of none while a session is tried for", async () => {
  const [leading] = SESSION.connectionList;
  const second = { ...leading!, cid: 0x102, source: { address: "192.168.2.5", port: 40_001 } };
  const sessions = [{ ...SESSION, connections: 2, connectionList: [leading!, second] }];
  const { lines } = await ran("SessionList f", { sessions });
  assert.equal(
    lines.slice(8).join("\n"),
    `Number Connections     : 2

    Connections:

        Connection Id     : fffffa8000000000-1
        Initiator Portal  : 192.168.1.5/58847
        Target Portal     : 192.168.1.108/3260
        CID               : 01 00

        Connection Id     : fffffa8000000000-102
        Initiator Portal  : 192.168.2.5/40001
        Target Portal     : 192.168.1.108/3260
        CID               : 02 01

${DONE}`,
  );
  const retrying = [{ ...SESSION, connections: 0, connectionList: [], source: null, tsih: null }];
  const none = (await ran("SessionList f", { sessions: retrying })).lines;
  assert.ok(none.includes("Number Connections     : 0"));
  assert.ok(!none.includes("    Connections:"));
});

Deno.test("iscsicli ListPersistentTargets tells what was specified of a login", async () => {
  const login = {
    ...LOGIN,
    paths: [{ portal: { address: "10.0.0.5", port: 3260 }, sourceAddress: "192.168.2.5" }],
    ...{ multipath: false, headerDigest: false, authentication: "mutual-chap" },
    ...{ type: "informational", maxConnections: 4, defaultTime2Wait: 5, defaultTime2Retain: 6 },
  };
  const { lines } = await ran("ListPersistentTargets", { listPersistent: [login] });
  assert.equal(
    lines.slice(3).join("\n"),
    `    Session Type          : Informational
    Initiator Name        : Root\\ISCSIPRT\\0000_0
    Port Number           : 1
    Security Flags        : 0x0
    Version              : 0
    Information Specified: 0xfc
    Maximum Connections  : 4
    Default Time 2 Wait  : 5
    Default Time 2 Retain: 6
    Login Flags          : 0x0
    Authentication Type  : Mutual CHAP
    Username             :
        6d 65                                               me
    Password             : <is established>

${DONE}`,
  );
});

Deno.test("iscsicli ListTargetPortals tells how portals are asked", async () => {
  const portal = {
    ...{ address: "10.0.0.5", port: 3260, chapUser: "me", authentication: "mutual-chap" },
    ...{ headerDigest: true, dataDigest: false, targets: 1, askedAt: null, error: null },
  };
  const { lines } = await ran("ListTargetPortals", { listPortals: [portal] });
  assert.equal(
    lines.join("\n"),
    `Total of 1 portals are persisted:

    Address and Socket   : 10.0.0.5 3260
    Symbolic Name        : 
    Initiator Name       : Root\\ISCSIPRT\\0000_0
    Port Number          : <Any Port>
    Security Flags        : 0x0
    Version              : 0
    Information Specified: 0xe1
    Header Digest        : CRC-32C
    Login Flags          : 0x0
    Authentication Type  : Mutual CHAP
    Username             :
        6d 65                                               me
    Password             : <is established>

${DONE}`,
  );
  assert.deepEqual((await ran("ListTargetPortals")).lines, [DONE]);
});

Deno.test("iscsicli TargetInfo with a mechanism tells the whole record", async () => {
  const portals = [
    { address: "10.0.0.5", port: 3260, portalGroup: 1, foundBy: "10.0.0.5:3260" },
    { address: "10.0.1.5", port: 3260, portalGroup: 2, foundBy: "10.0.0.5:3260" },
    { address: "10.0.2.5", port: 3260, portalGroup: null, foundBy: "static" },
  ];
  const listTargets = [{ iqn: TARGET, alias: "Mail", portals, state: "known", sessions: 0 }];
  const { lines } = await ran(`TargetInfo ${TARGET} Static`, { listTargets });
  assert.equal(
    lines.join("\n"),
    `Get Target information for ${TARGET} discovered by Static
    Discovery Mechanisms :
         "SendTargets:*10.0.0.5 0003260 Root\\ISCSIPRT\\0000_0"
         "Static"
    Protocol Type        : iSCSI TCP Protocol
    Target Alias         : Mail
    PortalGroups         : 1 portal groups
        Group 0 has 1 portals
            Address and Socket    : 10.0.2.5 3260
            Symbolic Name         : 
    Initiator Name       : Root\\ISCSIPRT\\0000_0
    Target Flags         : 0x0
    Version              : 0
    Information Specified: 0x0
    Login Flags          : 0x0
${DONE}`,
  );
  const empty = [{ iqn: TARGET, alias: "", portals: [], state: "known", sessions: 0 }];
  const { lines: none } = await ran(`TargetInfo ${TARGET}`, { listTargets: empty });
  assert.equal(none[1], "    Discovery Mechanisms: <This List is Empty>");
});

Deno.test("iscsicli ReportPersistentDevices lists what is bound", async () => {
  assert.deepEqual((await ran("ReportPersistentDevices")).lines, [
    "Persistent Volumes",
    '    "/dev/nbd0"',
    "",
    DONE,
  ]);
});

Deno.test("iscsicli Ping tells what came back, and fails where nothing did", async () => {
  const portal = { address: "10.0.0.5", port: 3260 };
  const ping = { portal, size: 64, replies: [0.4, 12.3, null] };
  const { status, lines, calls } = await ran("Ping * 10.0.0.5 3 64 500", { ping });
  assert.equal(status, 0);
  assert.deepEqual(calls, [
    'ping({"address":"10.0.0.5","port":3260},{"count":3,"size":64,"timeoutMs":500})',
  ]);
  assert.deepEqual(lines, [
    "    Reply from 10.0.0.5: bytes=64 time<1ms",
    "    Reply from 10.0.0.5: bytes=64 time=12ms",
    "    Request timed out.",
    DONE,
  ]);
  const silent = await ran("ping * 10.0.0.5:3261", { ping: { ...ping, replies: [null] } });
  assert.deepEqual(silent.calls, ['ping({"address":"10.0.0.5","port":3261},{})']);
  assert.equal(silent.status, 0xefff0003);
  assert.equal((await ran("Ping * [")).status, 87);
});

Deno.test("iscsicli refuses words that do not fit, each with its own status", async () => {
  const long = "x".repeat(256);
  const portal = `t t h 3260`;
  const cases: readonly (readonly [line: string, status: number, answers?: Answers])[] = [
    [`QLoginTarget ${long}`, 0xefff0051],
    [`QAddTarget t ${long}`, 87],
    [`LoginTarget ${portal} Other ${stars(13)}`, 0xefff0017],
    [`LoginTarget ${portal} * 2 ${stars(12)}`, 0xefff002d],
    [`LoginTarget ${portal} * 0xffffffff ${stars(12)}`, 0],
    [`LoginTarget ${portal} ${stars(11)} 3 * *`, 0xefff004e],
    [`LoginTarget ${portal} ${stars(10)} short 1 * *`, 0xefff004b],
    [`LoginTarget ${portal} ${stars(12)} akey *`, 0xefff0037],
    ["CHAPSecret short", 0xefff004c],
    ["PSKey * * 0 4 10.0.0.1 key T", 87],
    ["GetPSKey * * 5 ::1", 0xefff0037],
    [`RemovePersistentTarget Other ${TARGET} * * *`, 0xefff0017, { listPersistent: [LOGIN] }],
    [`RemovePersistentTarget * ${TARGET} 1 * *`, 0xefff0042, { listPersistent: [LOGIN] }],
    [`RemovePersistentTarget * ${TARGET} * h 3260`, 0xefff0042, { listPersistent: [LOGIN] }],
    [`RemovePersistentTarget * iqn.x:other * * *`, 0xefff0042, { listPersistent: [LOGIN] }],
    ["AddPersistentDevice /srv", 0xefff005c, { listPersistent: [LOGIN] }],
    ["AddPersistentDevice /other", 0xefff005d],
    ["AddPersistentDevice /srv", 0xefff005e, { devices: [{ ...DEVICE, bound: false }] }],
    [`QAddConnection ${SESSION_ID} Other *`, 0xefff0017],
    [`RemoveConnection ${SESSION_ID.replace("d", "e")} 0-1`, 0xefff001c],
  ];
  for (const [line, status, answers] of cases) {
    assert.equal((await ran(line, answers)).status, status, line);
  }
  const { lines } = await ran("PSKey * * 0 4 10.0.0.1 key T");
  assert.equal(
    lines[0],
    "Error, only id types ID_IPV4_ADDR (1), ID_FQDN (2), ID_USER_FQDN supported (3)",
  );
});

Deno.test("iscsicli has a text for every status, with the space that scripts know", () => {
  for (let low = 1; low <= 0x68; low++) {
    const severity = [0x2e, 0x3b, 0x48].includes(low) ? 0xafff0000 : 0xefff0000;
    assert.match(statusText(severity + low), /^[A-Z].*\. $/);
  }
  assert.equal(statusText(0xefff0069), "Status: 0xefff0069");
  assert.equal(statusText(0), DONE);
});

Deno.test("iscsicli says no to what needs IPsec", async () => {
  for (
    const line of [
      `LoginTarget t t ${stars(5)} 0x1 ${stars(9)} 0`,
      `LoginTarget t t ${stars(4)} 0x3 ${stars(10)} 0`,
      "PSKey * * 0 1 10.0.0.1 key T",
      "TunnelAddr * * 10.0.0.1 10.0.0.2 T",
      "GroupKey key T",
    ]
  ) assert.equal((await ran(line)).status, 0xefff0037, line);
});

Deno.test("iscsicli: a wrong number of words prints the usage, and fails where it is strict", async () => {
  const { status, lines } = await ran("QAddTarget iqn.x:t");
  assert.equal(status, 0);
  assert.deepEqual(lines, ["iscsicli QAddTarget <TargetName> <TargetPortalAddress>"]);
  assert.equal((await ran("QAddTarget iqn.x:t", {}, { strict: true })).status, 87);
  assert.equal((await ran("Nonsense", {}, { strict: true })).status, 87);
  assert.ok((await ran("Nonsense")).lines.length > 30);
});

Deno.test("iscsicli tells that the service does not run", async () => {
  const said: string[] = [];
  const status = await iscsicli(["SessionList"], {
    open: () => Promise.reject(new ControlError("unreachable", "no service", "start it")),
    say: (line) => void said.push(line),
    strict: false,
  });
  assert.equal(status, 0xefff003e);
  assert.deepEqual(said, ["no service; start it", "The initiator service is not running. "]);
});

Deno.test("iscsicli ReportTargetMappings tells which LUN is behind which session", async () => {
  const { lines } = await ran("ReportTargetMappings");
  assert.equal(lines[0], "Total of 1 mappings returned");
  assert.ok(lines.includes("        Target LUN: 0x0 <--> OS Lun: 0x0"));
  assert.equal((await ran("ReportTargetMappings", { devices: [] })).lines[0], "No mappings");
  assert.equal(DEVICE.paths[0]!.session, SESSION.id);
});

/** So many words that say nothing. */
function stars(count: number): string {
  return Array(count).fill("*").join(" ");
}
