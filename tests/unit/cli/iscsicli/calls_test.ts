/** What calls of iscsicli come to. */
import assert from "node:assert/strict";
import { type Answers, DEVICE, LOGIN, NODE_NAME, ran, TARGET } from "./fake_control.ts";

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
    'addTarget({"iqn":"iqn.x:t1","portals":[{"address":"host.example","port":3260}],' +
    '"persist":false})',
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
    `RemovePersistentTarget Root\\ISCSIPRT\\0000_0 ${TARGET} * 10.0.0.5 3260`,
    `removePersistent({"target":"${TARGET}","portal":{"address":"10.0.0.5","port":3260}})`,
  ],
  ["RemoveTargetPortal 10.0.0.5 3260", 'removePortal({"address":"10.0.0.5","port":3260})'],
  ["logouttarget fffffa8000000000-400001370000000d", 'logOut({"session":"13"})'],
  ["LogoutTarget 0xfffffa8000000000-0x400001370000000d", 'logOut({"session":"13"})'],
  ["NodeName iqn.2026-01.org.example:me", 'setName("iqn.2026-01.org.example:me")'],
  ["BindPersistentVolumes"],
  ["RemovePersistentDevice /srv", 'unbind("target1/0")'],
  ["CHAPSecret secretsecret12", 'setMutualSecret("secretsecret12")'],
  ["chapsecret *", "setMutualSecret()"],
  [
    `LoginTarget iqn.x:t1 t ${stars(11)} user secretsecret12 2 * 0`,
    'logIn({"target":"iqn.x:t1","chap":{"user":"user","secret":"secretsecret12"},"mutual":true})',
  ],
  [
    `LoginTarget iqn.x:t1 f ${stars(15)} 0`,
    'logIn({"target":"iqn.x:t1","informational":true})',
  ],
  [
    `LoginTarget iqn.x:t1 t host 3260 * 0x1 * * 0 0 4 5 6 ${stars(4)} *`,
    'logIn({"target":"iqn.x:t1","paths":[{"portal":{"address":"host","port":3260},' +
    '"sourceAddress":"192.168.2.5"}],"headerDigest":false,"dataDigest":false,' +
    '"maxConnections":4,"defaultTime2Wait":5,"defaultTime2Retain":6})',
  ],
  ["QAddTarget iqn.x:t1 *", 'addTarget({"iqn":"iqn.x:t1","portals":[]})'],
  [
    `AddTarget iqn.x:t1 Mail * * 0x6 ${stars(10)} 0`,
    'addTarget({"iqn":"iqn.x:t1","portals":[],"alias":"Mail","hidden":true,"merge":true})',
  ],
  [
    `AddTarget iqn.x:t1 * * * * F ${stars(9)} 0`,
    'addTarget({"iqn":"iqn.x:t1","portals":[],"persist":false})',
  ],
  [
    `AddTarget iqn.x:t1 * 10.0.0.5 3260 * T * 1 0 * * * user secretsecret12 2 0`,
    'addTarget({"iqn":"iqn.x:t1","portals":[{"address":"10.0.0.5","port":3260}],' +
    '"chap":{"user":"user","secret":"secretsecret12"},"mutual":true,"headerDigest":true,' +
    '"dataDigest":false})',
  ],
  [
    `AddTargetPortal 10.0.0.5 3260 * * 0 * 1 0 * * * user secretsecret12 2`,
    'addPortal({"address":"10.0.0.5","port":3260,"chap":{"user":"user",' +
    '"secret":"secretsecret12"},"mutual":true,"headerDigest":true,"dataDigest":false})',
  ],
  [
    `AddConnection fffffa8000000000-400001370000000d * * 10.0.1.5 3260 0 * 1 1 ${stars(7)}`,
    'addConnection("13",{"portal":{"address":"10.0.1.5","port":3260},' +
    '"headerDigest":true,"dataDigest":true})',
  ],
  [
    `AddConnection fffffa8000000000-400001370000000d * 0 * * 0 ${stars(10)}`,
    'addConnection("13",{"sourceAddress":"192.168.1.5"})',
  ],
  ["AddPersistentDevice /dev/nbd0", 'bind("target1/0")'],
];

/** Where a command needs something to be there. */
const STANDING: Readonly<Record<string, Answers>> = {
  AddPersistentDevice: { devices: [{ ...DEVICE, bound: false }] },
};

for (const [line, ...calls] of CALLS) {
  Deno.test(`iscsicli: ${line}`, async () => {
    const { status, lines, calls: made } = await ran(line, {
      listPersistent: [LOGIN],
      ...STANDING[line.split(" ")[0]!],
    });
    assert.equal(lines.at(-1), DONE);
    assert.equal(status, 0);
    assert.deepEqual(made, calls);
  });
}

/** So many words that say nothing. */
function stars(count: number): string {
  return Array(count).fill("*").join(" ");
}
