/**
 * CHAP on the executable: what is typed, what an attacker tries, and where secrets are not to be
 * found.
 */
import assert from "node:assert/strict";
import { ChallengeIssuer } from "../../lib/iscsi/chap/challenge.ts";
import { InitiatorChapExchange } from "../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../lib/iscsi/chap/secret.ts";
import { LoginStatus } from "../../lib/iscsi/pdu/login_response.ts";
import type { Authentication, AuthenticationExchange } from "../../lib/initiator/authentication.ts";
import { dial } from "../../lib/initiator/dial.ts";
import { DEFAULT_LIMITS } from "../../lib/initiator/limits.ts";
import { logIn } from "../../lib/initiator/log_in.ts";
import { LoginRefused } from "../../lib/initiator/login_error.ts";
import { InitiatorNode } from "../../lib/initiator/node.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import type { Pair } from "../../lib/wire/key_values.ts";
import { EXECUTABLE, type Requirement, requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

/** What all secrets of this run have in them, and nothing else on the machine. */
const CANARY = crypto.getRandomValues(new Uint8Array(4)).toHex();
const WORD = `${CANARY}-alice..`;
const ANSWER = `${CANARY}-server.`;
const FINDER = `${CANARY}-finder.`;
const OLD = `${CANARY}-of.once`;

function test(
  name: string,
  fn: (sanctl: Sanctl) => Promise<void>,
  ...needs: Requirement[]
): void {
  Deno.test({ name, ...requires("dist/sanctl", ...needs), fn: () => withSanctl(fn) });
}

interface Said {
  readonly exitCode: number;
  /** On both outputs. */
  readonly text: string;
}

/** Runs a command with a secret on its standard input; looks for it elsewhere meanwhile. */
async function withInput(sanctl: Sanctl, line: string, secret: string): Promise<Said> {
  const child = new Deno.Command(EXECUTABLE, {
    args: sanctl.words(line),
    env: sanctl.environment,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${secret}\n`));
  // It has the secret, and waits for more until its input ends.
  assertNotIn(processes(), "the list of processes");
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { exitCode: code, text };
}

/** What anybody on the machine sees of the processes on it, and their users besides. */
function processes(): string {
  let seen = "";
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    for (const file of ["cmdline", "environ"]) {
      try {
        seen += `${Deno.readTextFileSync(`/proc/${name}/${file}`)}\n`;
      } catch {
        // It has ended meanwhile, or is not ours to look at.
      }
    }
  }
  return seen;
}

function assertNotIn(text: string, where: string): void {
  const at = text.indexOf(CANARY);
  assert.equal(at, -1, `${where}: ${text.slice(Math.max(0, at - 80), at + 40)}`);
}

/** How a login as the test's initiator ended: a status, or why we broke it off. */
async function outcomeOf(
  serving: Serving,
  targetName: string | undefined,
  authentication: Authentication,
): Promise<number | string> {
  const node = new InitiatorNode({
    name: iqn("host"),
    limits: DEFAULT_LIMITS,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    dial,
  });
  const [host, port] = serving.portal.split(":");
  const portal = { host: host!, port: Number(port) };
  try {
    const { session } = await logIn(node, { portal, targetName, authentication });
    await session.logout();
    return LoginStatus.SUCCESS;
  } catch (error) {
    if (error instanceof LoginRefused) return error.status;
    return String(error);
  }
}

interface Proof {
  readonly user?: string;
  readonly secret?: string;
  readonly answer?: string;
}

function proving({ user = "alice", secret = WORD, answer }: Proof = {}): Authentication {
  const issuer = new ChallengeIssuer(systemRandom);
  return () =>
    new InitiatorChapExchange({
      initiator: { user, secret: new ChapSecret(secret) },
      target: answer === undefined ? undefined : { secret: new ChapSecret(answer) },
      issuer,
    });
}

/** Behaves as `honest` does, but for what it says instead. */
function saying(
  honest: AuthenticationExchange,
  instead: (pairs: readonly Pair[], keys: ReadonlyMap<string, string>) => readonly Pair[],
): AuthenticationExchange {
  return {
    get offer() {
      return instead(honest.offer, new Map());
    },
    get isAnswered() {
      return honest.isAnswered;
    },
    isComplete: true,
    receive(pairs) {
      const answer = honest.receive(pairs);
      return "reason" in answer ? answer : instead(answer, new Map(pairs));
    },
  };
}

/** Asks to move on as if there were nothing to prove. */
const SILENT: AuthenticationExchange = {
  offer: [],
  isAnswered: true,
  isComplete: true,
  receive: () => [],
};

/** A target `t` that asks for mutual CHAP. */
async function guard(sanctl: Sanctl): Promise<void> {
  await sanctl.ok(`target create t --iqn ${iqn("t")} --allow any`);
  await sanctl.ok("disk create mem:m --size 1M --target t");
  for (
    const [line, secret] of [["chap t --user alice", WORD], [
      "reverse-chap t --user server",
      ANSWER,
    ]]
  ) {
    const { exitCode, text } = await withInput(sanctl, `target ${line} --secret-stdin`, secret!);
    assert.equal(exitCode, 0, text);
  }
}

test("CHAP: each thing that an attacker tries ends in 0201, and the honest one is let in", async (sanctl) => {
  await guard(sanctl);
  const serving = await Serving.start(sanctl);
  try {
    const honest = proving({ answer: ANSWER });
    const seen: ReadonlyMap<string, string>[] = [];
    const attacks: Record<string, Authentication> = {
      "a wrong secret": proving({ secret: OLD, answer: ANSWER }),
      "a wrong user": proving({ user: "bob", answer: ANSWER }),
      "no wish for the target's proof": proving(),
      "None instead of CHAP": () => saying(honest(), () => [["AuthMethod", "None"]]),
      "nothing instead of CHAP": () => SILENT,
      "its own challenge reflected": () =>
        saying(honest(), (pairs, keys) => {
          if (keys.has("CHAP_C")) seen.push(keys);
          return pairs.map(([key, value]) => [key, keys.get(key) ?? value]);
        }),
      "a challenge of before reflected": () =>
        saying(honest(), (pairs, keys) => {
          if (!keys.has("CHAP_C")) return pairs;
          return pairs.map(([key, value]) => [key, seen[0]!.get(key) ?? value]);
        }),
    };
    for (const [name, attack] of Object.entries(attacks)) {
      const outcome = await outcomeOf(serving, iqn("t"), attack);
      assert.equal(outcome, LoginStatus.AUTHENTICATION_FAILURE, name);
    }
    assert.equal(await outcomeOf(serving, iqn("t"), honest), LoginStatus.SUCCESS);
    const deceived = await outcomeOf(serving, iqn("t"), proving({ answer: OLD }));
    assert.match(String(deceived), /does not prove itself/);
  } finally {
    await serving.end();
  }
});

test("B-17: a whole debug run tells its secrets to nobody but one file", async (sanctl) => {
  const said: string[] = [];
  async function run(line: string, secret?: string, exitCode = 0): Promise<void> {
    const ended = secret === undefined
      ? await sanctl.run(line).then((it) => ({ ...it, text: it.stdout + it.stderr }))
      : await withInput(sanctl, line, secret);
    assert.equal(ended.exitCode, exitCode, `${line}: ${ended.text}`);
    said.push(ended.text);
  }
  await run(`target create t --iqn ${iqn("t")} --allow any`);
  await run("disk create mem:m --size 1M --target t");
  await run("target chap t --user alice --secret-stdin --verbose", OLD);
  const serving = await Serving.start(sanctl, ["--verbose"]);
  let log = "";
  try {
    await run("target chap t --user alice --secret-stdin --json --verbose", WORD);
    const file = sanctl.path("secret");
    await Deno.writeTextFile(file, ANSWER, { mode: 0o600 });
    await run("target reverse-chap t --user server --secret-file {}/secret --verbose");
    await Deno.remove(file);
    await run("target chap --discovery --user finder --secret-stdin", FINDER);
    // What is refused, for each of its reasons.
    await run("target reverse-chap t --user server --secret-stdin --verbose", WORD, 2);
    await run("target chap t --user server --secret-stdin --verbose", `${WORD} and more`, 2);
    await run("target chap nobody --user alice --secret-stdin --verbose", WORD, 4);
    await run(`--server ${serving.dashboard} target chap t --user a --secret-stdin`, WORD, 5);
    const attempts: [string | undefined, Authentication][] = [
      [iqn("t"), proving({ answer: ANSWER })],
      [iqn("t"), proving({ secret: OLD, answer: ANSWER })],
      [iqn("t"), proving({ answer: OLD })],
      [iqn("t"), proving()],
      [undefined, proving({ user: "finder", secret: FINDER })],
      [undefined, proving({ user: "finder", secret: WORD })],
    ];
    for (const [target, authentication] of attempts) {
      said.push(String(await outcomeOf(serving, target, authentication)));
    }
    for (const line of ["target show t", "target list", "target sessions", "status"]) {
      for (const form of ["", " --json", " --verbose"]) await run(line + form);
    }
    for (const path of ["", "metrics", "api/openapi.json", "api/status", "api/targets"]) {
      const response = await fetch(serving.dashboard + path);
      assert.equal(response.status, 200);
      said.push(await response.text());
    }
    const state = sanctl.path("state");
    for (const { name, isFile } of Deno.readDirSync(state)) {
      if (!isFile) continue;
      const { mode } = await Deno.stat(`${state}/${name}`);
      assert.equal(mode! & 0o077, 0, name);
      const text = await Deno.readTextFile(`${state}/${name}`);
      if (name !== "secrets.yaml") assertNotIn(text, name);
      else assert.deepEqual(text.split(CANARY).length, 4, text);
    }
    assertNotIn(processes(), "the list of processes");
  } finally {
    log = (await serving.end()).log;
  }
  assert.match(log, /debug/);
  assert.match(log, /its secret is wrong/);
  assertNotIn(log, "the log");
  assertNotIn(said.join("\n"), "what was said");
});

test("B-17: the service and commands refuse secrets that others can read", async (sanctl) => {
  await guard(sanctl);
  await Deno.chmod(sanctl.path("state/secrets.yaml"), 0o640);
  await assert.rejects(Serving.start(sanctl), /secrets\.yaml is open to others \(mode 640\)/);
  const { exitCode, stderr } = await sanctl.run("target chap t --off");
  assert.equal(exitCode, 5);
  assert.match(stderr, /make it private: chmod 600 .*secrets\.yaml/);
});

/** Types at the prompts of a command, one text each, on a terminal of its own. */
async function type(sanctl: Sanctl, line: string, typed: readonly string[]): Promise<Said> {
  const command = [EXECUTABLE, ...sanctl.words(line)].join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    env: sanctl.environment,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let text = "", answered = 0;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const prompts = text.match(/(octets\)|again): /g)?.length ?? 0;
    if (prompts > answered) await writer.write(new TextEncoder().encode(typed[answered++]));
  }
  await writer.close().catch(() => undefined);
  return { exitCode: (await child.status).code, text };
}

test("CHAP: a secret is typed twice on a terminal, which does not show it", async (sanctl) => {
  await sanctl.ok("target create t --allow any");
  const set = await type(sanctl, "target chap t --user alice", [`${WORD}\r`, `${WORD}\r`]);
  assert.equal(set.exitCode, 0, set.text);
  assert.match(set.text, /^Secret \(12 to 16 octets\): \r\nThe same again: \r\ntarget t asks/);
  assertNotIn(set.text, "the terminal");
  const kept = await Deno.readTextFile(sanctl.path("state/secrets.yaml"));
  assert(kept.includes(WORD));
  const differing = await type(sanctl, "target chap t --user alice", [`${OLD}\r`, `${WORD}\r`]);
  assert.equal(differing.exitCode, 2);
  assert.match(differing.text, /the two secrets differ; nothing was changed/);
  const interrupted = await type(sanctl, "target chap t --user alice", [`${CANARY}\x03`]);
  assert.equal(interrupted.exitCode, 130);
  for (const { text } of [differing, interrupted]) assertNotIn(text, "the terminal");
  assert.equal(await Deno.readTextFile(sanctl.path("state/secrets.yaml")), kept);
}, "script");
