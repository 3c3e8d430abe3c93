/** CHAP with the Linux initiator, which knows all of its algorithms and can be told to use one. */
import assert from "node:assert/strict";
import { withScratch } from "../support/executable.ts";
import { LinuxGuest } from "../support/linux_guest.ts";
import { withNetwork } from "../support/network_namespace.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const ADDRESS = "192.0.2.1";
const INITIATOR = "iqn.2026-01.org.example:linux";
const TARGET = iqn("t");
const NODE = `iscsiadm -m node -T ${TARGET} -p ${ADDRESS}`;
const WORD = "linux-has-a-word";
const ANSWER = "and-we-have-ours";

/** iscsiadm's exit code where the target does not believe who it is. */
const AUTHENTICATION_FAILED = 24;

/** Each algorithm as open-iscsi calls it, and as we do. */
const ALGORITHMS = [
  ["SHA3-256", "sha3-256"],
  ["SHA256", "sha256"],
  ["SHA1", "sha1"],
  ["MD5", "md5"],
] as const;

interface Machines {
  readonly sanctl: Sanctl;
  readonly guest: LinuxGuest;
}

/** In this order, each on what the ones before it left. */
const STEPS: readonly (readonly [name: string, (machines: Machines) => Promise<void>])[] = [
  ["discovers targets only when it has proved who it is", discover],
  ["is refused without CHAP, with a wrong secret and with a wrong user", refuse],
  ["logs in with each algorithm alone, in one direction and in both", logInByEach],
  ["logs in where both sides have all algorithms", agree],
  ["uses the disk", useDisk],
  ["is refused where it does not want the target to prove itself", wantMutual],
  ["does not stay where the target proves to be another", distrust],
];

Deno.test({
  name: "the Linux initiator logs in by CHAP",
  ...requires("dist/sanctl", "linux guest", "linux kernel", "network namespaces", "ip"),
  fn: (t) =>
    withMachines(async (machines) => {
      for (const [name, step] of STEPS) {
        if (!await t.step(name, () => step(machines))) return;
      }
    }),
});

async function withMachines(use: (machines: Machines) => Promise<void>): Promise<void> {
  await withNetwork([ADDRESS], (network) =>
    withSanctl((sanctl) =>
      withScratch(async (folder) => {
        await sanctl.ok(`target create t --iqn ${TARGET} --allow iqn:${INITIATOR}`);
        await sanctl.ok("disk create mem:m --size 32M --target t");
        const portal = ["--portal", `${ADDRESS}:3260`];
        const serving = await Serving.start(sanctl, portal, network.through);
        const guest = await LinuxGuest.boot(folder, network.through);
        try {
          await guest.ok(`echo InitiatorName=${INITIATOR} > /etc/iscsi/initiatorname.iscsi`);
          await guest.ok("iscsid");
          await use({ sanctl, guest });
        } finally {
          await guest.end();
          await serving.end().catch(() => undefined);
        }
      })
    ));
}

/** Sets what must be proved, or is, with the secret in a file. */
async function ask(sanctl: Sanctl, words: string, secret: string): Promise<void> {
  const file = sanctl.path("secret");
  await Deno.writeTextFile(file, secret, { mode: 0o600 });
  await sanctl.ok(`target ${words} --secret-file ${file}`);
}

/** Tells the guest what to prove in the next login, and what to have proved. */
async function tell(guest: LinuxGuest, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await guest.ok(`${NODE} -o update -n node.session.auth.${name} -v '${value}'`);
  }
}

async function assertLogsIn(guest: LinuxGuest): Promise<void> {
  await guest.ok(`${NODE} --login`);
  await guest.ok(`${NODE} --logout`);
}

async function assertRefused(guest: LinuxGuest): Promise<void> {
  const { exitCode, output } = await guest.run(`${NODE} --login`);
  assert.equal(exitCode, AUTHENTICATION_FAILED, output);
}

async function discover({ sanctl, guest }: Machines): Promise<void> {
  await ask(sanctl, "chap --discovery --user finder", WORD);
  const database = `iscsiadm -m discoverydb -t sendtargets -p ${ADDRESS}`;
  await guest.ok(`${database} -o new`);
  assert.notEqual((await guest.run(`${database} --discover`)).exitCode, 0);
  const settings = { authmethod: "CHAP", username: "finder", password: WORD };
  for (const [name, value] of Object.entries(settings)) {
    await guest.ok(`${database} -o update -n discovery.sendtargets.auth.${name} -v ${value}`);
  }
  const found = await guest.ok(`${database} --discover`);
  assert.deepEqual(found.trim().split("\n"), [`${ADDRESS}:3260,1 ${TARGET}`]);
}

async function refuse({ sanctl, guest }: Machines): Promise<void> {
  await assertLogsIn(guest);
  await ask(sanctl, "chap t --user linux", WORD);
  await assertRefused(guest);
  await tell(guest, { authmethod: "CHAP", username: "linux", password: ANSWER });
  await assertRefused(guest);
  await tell(guest, { username: "Linux", password: WORD });
  await assertRefused(guest);
  await tell(guest, { username: "linux" });
  await assertLogsIn(guest);
}

async function logInByEach({ sanctl, guest }: Machines): Promise<void> {
  for (const isMutual of [false, true]) {
    if (isMutual) {
      await ask(sanctl, "reverse-chap t --user server", ANSWER);
      await tell(guest, { username_in: "server", password_in: ANSWER });
    }
    for (const [theirs, ours] of ALGORITHMS) {
      await ask(sanctl, `chap t --user linux --algorithms ${ours}`, WORD);
      await tell(guest, { chap_algs: theirs });
      await assertLogsIn(guest);
      const others = ALGORITHMS.map(([name]) => name).filter((name) => name !== theirs);
      await tell(guest, { chap_algs: others.join(",") });
      await assertRefused(guest);
    }
  }
}

async function agree({ sanctl, guest }: Machines): Promise<void> {
  await ask(sanctl, "chap t --user linux --algorithms sha3-256,sha256,sha1,md5", WORD);
  await tell(guest, { chap_algs: ALGORITHMS.map(([name]) => name).toReversed().join(",") });
  await assertLogsIn(guest);
}

async function useDisk({ guest }: Machines): Promise<void> {
  await guest.ok(`${NODE} --login`);
  await guest.until("[ -b /dev/sda ]");
  await guest.ok("head -c 3000000 /dev/urandom > /tmp/data");
  await guest.ok("dd if=/tmp/data of=/dev/sda bs=600000 conv=fsync");
  await guest.ok("echo 3 > /proc/sys/vm/drop_caches");
  await guest.ok("head -c 3000000 /dev/sda | cmp - /tmp/data");
  await guest.ok(`${NODE} --logout`);
}

async function wantMutual({ guest }: Machines): Promise<void> {
  await tell(guest, { username_in: "", password_in: "" });
  await assertRefused(guest);
}

async function distrust({ sanctl, guest }: Machines): Promise<void> {
  await tell(guest, { username_in: "server", password_in: WORD.toUpperCase() });
  assert.notEqual((await guest.run(`${NODE} --login`)).exitCode, 0);
  await tell(guest, { username_in: "server", password_in: ANSWER });
  await assertLogsIn(guest);
  await ask(sanctl, "reverse-chap t --user impostor", ANSWER);
  assert.notEqual((await guest.run(`${NODE} --login`)).exitCode, 0);
  assert.deepEqual(await sanctl.facts("target sessions"), []);
}
