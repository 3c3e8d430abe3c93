import assert from "node:assert/strict";
import { iscsicli } from "../../../../cli/iscsicli/iscsicli.ts";
import { ControlError } from "../../../../lib/config/control_error.ts";
import { DEVICE, NODE_NAME, ran, SESSION, TARGET } from "./fake_control.ts";

const DONE = "The operation completed successfully. ";

/** Calls as scripts make them, and what they must come to. */
const CALLS: readonly (readonly [line: string, ...calls: string[]])[] = [
  ["QAddTargetPortal 10.0.0.5", 'addPortal({"address":"10.0.0.5","port":3260})'],
  [
    "qaddtargetportal 10.0.0.5 user secretsecret12",
    'addPortal({"address":"10.0.0.5","port":3260,"chap":{"user":"user","secret":"secretsecret12"}})',
  ],
  [
    "QLoginTarget iqn.x:t1 user secretsecret12",
    'logIn({"target":"iqn.x:t1","chap":{"user":"user","secret":"secretsecret12"}})',
  ],
  [
    "QLoginTarget iqn.x:t1 * 0x73656372657473656372657431",
    `logIn({"target":"iqn.x:t1","chap":{"user":"${NODE_NAME}","secret":"secretsecret1"}})`,
  ],
  [
    "AddTarget iqn.x:t1 * host.example 3260 * 0 * * * * * * * * * 0",
    'addTarget({"iqn":"iqn.x:t1","portals":[{"address":"host.example","port":3260}]})',
  ],
  [
    `LoginTarget iqn.x:t1 t host.example 3260 Root\\ISCSIPRT\\0000_0 -1 * 0x00000002 ${stars(9)} 0`,
    'logIn({"target":"iqn.x:t1","paths":[{"portal":{"address":"host.example","port":3260}}],' +
    '"multipath":true})',
  ],
  [
    `LoginTarget iqn.x:t1 t host 3260 Root\\ISCSIPRT\\0000_0 -1 * 0x00000002 1 1 ${stars(7)} 0`,
    'logIn({"target":"iqn.x:t1","paths":[{"portal":{"address":"host","port":3260}}],' +
    '"multipath":true,"headerDigest":true,"dataDigest":true})',
  ],
  [
    `PersistentLoginTarget iqn.x:t1 T ${stars(15)} 0`,
    'logIn({"target":"iqn.x:t1","persistent":true,"recordOnly":true})',
  ],
  [
    `PersistentLoginTarget iqn.x:t1 * 10.0.0.5 3260 ${stars(14)}`,
    'logIn({"target":"iqn.x:t1","paths":[{"portal":{"address":"10.0.0.5","port":3260}}],' +
    '"persistent":true,"recordOnly":true})',
  ],
  [
    `PersistentLoginTarget iqn.x:t1 T ${stars(11)} user secretsecret12 * * 0`,
    'logIn({"target":"iqn.x:t1","chap":{"user":"user","secret":"secretsecret12"},' +
    '"persistent":true,"recordOnly":true})',
  ],
  [
    "RemovePersistentTarget Root\\ISCSIPRT\\0000_0 iqn.x:t1 * 10.0.0.5 3260",
    'removePersistent({"target":"iqn.x:t1","portal":{"address":"10.0.0.5","port":3260}})',
  ],
  ["RemoveTargetPortal 10.0.0.5 3260", 'removePortal({"address":"10.0.0.5","port":3260})'],
  ["logouttarget fffffa8000000000-400001370000000d", 'logOut({"session":"13"})'],
  ["LogoutTarget 0xfffffa8000000000-0x400001370000000d", 'logOut({"session":"13"})'],
  ["NodeName iqn.2026-01.org.example:me", 'setName("iqn.2026-01.org.example:me")'],
  ["BindPersistentVolumes"],
  ["RemovePersistentDevice /srv", 'unbind("target1/0")'],
];

for (const [line, ...calls] of CALLS) {
  Deno.test(`iscsicli: ${line}`, async () => {
    const { status, lines, calls: made } = await ran(line);
    assert.equal(lines.at(-1), DONE);
    assert.equal(status, 0);
    assert.deepEqual(made, calls);
  });
}

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
  const login = {
    target: TARGET,
    paths: [{ portal: { address: "10.0.0.5", port: 3260 }, sourceAddress: null }],
    multipath: true,
    headerDigest: true,
    dataDigest: false,
    chapUser: "me",
    targetChapUser: null,
    loggedIn: false,
  };
  const { lines } = await ran("ListPersistentTargets", { listPersistent: [login] });
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
  assert.deepEqual(said, ["no service; start it", "The initiator service is not running."]);
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
