/** CHAP with initiators that we did not write: libiscsi's tools, and qemu. */
import assert from "node:assert/strict";
import { peer, type PeerResult, runPeer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { iqn, type Service, withService } from "../support/service.ts";

/** RFC 7143 11.13.5, as libiscsi prints it. */
const AUTHENTICATION_FAILURE = 0x0201;
const WORD = "a secret.16octet";
const ANSWER = "the server's.own";
const WRONG = "another.16octets";

function test(
  name: string,
  fn: (service: Service) => Promise<void>,
  ...needs: Requirement[]
): void {
  const declaration = { targets: { t: [{ file: "d.vhd", size: "8M" }], other: [] } };
  Deno.test({
    name: `CHAP: ${name}`,
    ...requires("dist/sanctl", ...needs),
    fn: () => withService(declaration, fn),
  });
}

/** Sets CHAP as an operator does, with the secret in a file. */
async function set(service: Service, words: string, secret: string): Promise<void> {
  const file = service.sanctl.path("secret");
  await Deno.writeTextFile(file, secret, { mode: 0o600 });
  await service.sanctl.ok(`target ${words} --secret-file ${file}`);
  await Deno.remove(file);
}

interface Proof {
  readonly user?: string;
  readonly secret?: string;
  /** What the target is to prove. */
  readonly server?: string;
  readonly answer?: string;
}

/** libiscsi's URL, which carries what is to be proved. */
function url(service: Service, { user = "alice", secret = WORD, server, answer }: Proof = {}) {
  const plain = service.url("t").replace("iscsi://", `iscsi://${user}%${secret}@`);
  return server === undefined ? plain : `${plain}?target_user=${server}&target_password=${answer}`;
}

async function inquiry(address: string): Promise<PeerResult> {
  return await runPeer("iscsi-inq", [address]);
}

async function assertAdmitted(address: string): Promise<void> {
  const { stdout, stderr } = await inquiry(address);
  assert.match(stdout, /^Vendor:SANCTL/m, stderr);
}

async function assertRefused(address: string): Promise<void> {
  const { stdout, stderr } = await inquiry(address);
  assert.match(stderr, new RegExp(`\\(${AUTHENTICATION_FAILURE}\\)`));
  assert.equal(stdout, "");
}

test(
  "libiscsi proves itself; a wrong secret, a wrong user and no proof get 0201",
  async (service) => {
    await set(service, "chap t --user alice", WORD);
    await assertAdmitted(url(service));
    await assertRefused(url(service, { secret: WRONG }));
    await assertRefused(url(service, { user: "bob" }));
    await assertRefused(url(service, { user: "Alice" }));
    await assertRefused(service.url("t"));
    await service.sanctl.ok("target chap t --off");
    await assertAdmitted(service.url("t"));
  },
  "iscsi-inq",
);

test("libiscsi has the target prove itself, and gives up where it does not", async (service) => {
  await set(service, "chap t --user alice", WORD);
  const mutual = { server: "server", answer: ANSWER };
  // The target has nothing to prove itself by.
  await assertRefused(url(service, mutual));
  await set(service, "reverse-chap t --user server", ANSWER);
  await assertAdmitted(url(service, mutual));
  await assertRefused(url(service));
  await assertRefused(url(service, { ...mutual, secret: WRONG }));
  const deceived = await inquiry(url(service, { ...mutual, answer: WRONG }));
  assert.match(deceived.stderr, /Invalid CHAP_R response from the target/);
  assert.equal(deceived.stdout, "");
  const log = await service.stop();
  assert.match(log, /reason="CHAP: it does not ask the target to prove itself, which is required"/);
  for (const secret of [WORD, ANSWER, WRONG]) assert(!log.includes(secret));
}, "iscsi-inq");

test(
  "libiscsi discovers targets by CHAP, which says nothing about logging in",
  async (service) => {
    const portal = `iscsi://${service.serving.portal}`;
    const discover = (address: string) => runPeer("iscsi-ls", ["--url", address]);
    assert.match((await discover(portal)).stdout, /:other/);
    await set(service, "chap --discovery --user alice", WORD);
    const refused = await discover(portal);
    assert.match(refused.stderr, new RegExp(`\\(${AUTHENTICATION_FAILURE}\\)|Authentication`));
    assert.equal(refused.stdout, "");
    const proved = await discover(portal.replace("//", `//alice%${WORD}@`));
    assert.match(proved.stdout, new RegExp(iqn("other")));
    await assertAdmitted(service.url("t"));
  },
  "iscsi-ls",
  "iscsi-inq",
);

test("names that look like numbers are names", async (service) => {
  for (const user of ["0x416c696365", "0b", "5"]) {
    await set(service, `chap t --user ${user}`, WORD);
    await assertAdmitted(url(service, { user }));
    await assertRefused(url(service, { user: "Alice" }));
  }
}, "iscsi-inq");

test(
  "qemu writes and reads by CHAP, and is refused without",
  async (service) => {
    await set(service, "chap t --user alice", WORD);
    const secret = service.sanctl.path("word");
    await Deno.writeTextFile(secret, WORD);
    const image =
      `driver=iscsi,transport=tcp,portal=${service.serving.portal},target=${iqn("t")},` +
      "lun=0,user=alice,password-secret=word";
    const words = ["--object", `secret,id=word,file=${secret}`, "--image-opts", image];
    await peer("qemu-io", ...words, "-c", "write -P 0x5a 1M 64k", "-c", "flush");
    await peer("qemu-io", ...words, "-c", "read -P 0x5a 1M 64k");
    assert.notEqual((await runPeer("qemu-img", ["info", service.url("t")])).exitCode, 0);
  },
  "qemu-io",
  "qemu-img",
  "qemu block-iscsi",
);
