import assert from "node:assert/strict";
import type { AuthenticationFacts } from "../../../lib/config/facts.ts";
import { type FakeOptions, ran } from "./fake_surroundings.ts";
import { MAIL } from "./sample_facts.ts";

const WORD = "canary 16 octets";
const SET: AuthenticationFacts = {
  chap: { user: "ada", algorithms: ["sha256"] },
  reverseChap: null,
};

/** Runs a command line with a control that does what it is asked. */
function sanctl(line: string, options: FakeOptions = {}) {
  return ran(line.split(" "), {
    control: {
      showTarget: () => Promise.resolve({ ...MAIL, ...SET }),
      setChap: (_target, chap) =>
        Promise.resolve({
          facts: chap === undefined ? { ...SET, chap: null } : SET,
          notices: ["2 sessions open on mail stay until they end"],
        }),
      setReverseChap: () =>
        Promise.resolve({ facts: { ...SET, reverseChap: { user: "server" } }, notices: [] }),
    },
    ...options,
  });
}

Deno.test("target chap: the secret is typed twice, and asked for once the target is known", async () => {
  const { exitCode, stdout, stderr, calls } = await sanctl("target chap mail --user ada", {
    terminal: true,
    hidden: [WORD, WORD],
  });
  assert.equal(exitCode, 0);
  assert.equal(stdout, "target mail asks initiators to prove by CHAP that they are ada\n");
  assert.match(stderr, /^Secret \(12 to 16 octets\): \nThe same again: \n2 sessions open on mail/);
  assert.deepEqual(calls, [
    'showTarget("mail")',
    `setChap("mail", {"user":"ada","secret":"${WORD}"})`,
    "close()",
  ]);
});

Deno.test("target chap: secrets that differ, are too short or are not given change nothing", async () => {
  const cases: [readonly string[], RegExp][] = [
    [[WORD, `${WORD}x`], /differ; nothing was changed/],
    [["short"], /5 octets\n {2}use 12 to 16/],
    [[], /was not answered/],
    [["x".repeat(17)], /--long-secret/],
  ];
  for (const [hidden, text] of cases) {
    const line = "target chap mail --user ada";
    const { exitCode, stderr, calls } = await sanctl(line, { terminal: true, hidden });
    assert.notEqual(exitCode, 0);
    assert.match(stderr, text);
    assert.doesNotMatch(stderr, /canary/);
    assert.deepEqual(calls, ['showTarget("mail")', "close()"]);
  }
});

Deno.test("target chap: where nobody types, it says where else a secret can come from", async () => {
  const { exitCode, stderr } = await sanctl("target chap mail --user ada");
  assert.equal(exitCode, 2);
  assert.match(stderr, /--secret-stdin, --secret-file FILE or --generate/);
});

Deno.test("target chap: --secret-stdin takes a line, without what ends it", async () => {
  for (const end of ["", "\n", "\r\n"]) {
    const line = "target reverse-chap mail --user server --secret-stdin";
    const { exitCode, stdout, calls } = await sanctl(line, { input: WORD + end });
    assert.equal(exitCode, 0);
    assert.equal(stdout, "target mail proves by CHAP that it is server\n");
    assert.equal(calls[1], `setReverseChap("mail", {"user":"server","secret":"${WORD}"})`);
  }
});

Deno.test("target chap: --secret-file takes a file, and says where others can read it", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, `${WORD}\n`);
    for (const [mode, said] of [[0o600, 0], [0o644, 1]] as const) {
      await Deno.chmod(path, mode);
      const { exitCode, stderr, calls } = await sanctl(
        `target chap --discovery --user ada --algorithms sha256,md5 --secret-file ${path}`,
      );
      assert.equal(exitCode, 0, stderr);
      assert.equal(
        calls[0],
        `setChap(undefined, {"user":"ada","secret":"${WORD}","algorithms":["sha256","md5"]})`,
      );
      assert.equal([...stderr.matchAll(/others can read/g)].length, said);
    }
    await Deno.writeTextFile(path, "x".repeat(5000));
    assert.match((await sanctl(`target chap mail --user a --secret-file ${path}`)).stderr, /5000/);
  } finally {
    await Deno.remove(path);
  }
  const gone = await sanctl(`target chap mail --user ada --secret-file ${path}`);
  assert.equal(gone.exitCode, 4);
  assert.match(gone.stderr, /could not be read/);
});

Deno.test("B-11: target chap --generate makes a strong secret up and prints it this once", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { stdout, calls } = await sanctl("target chap mail --user ada --generate --quiet");
    const secret = stdout.trimEnd();
    assert.match(secret, /^[A-Za-z0-9_.]{16}$/);
    assert.equal(calls[1], `setChap("mail", {"user":"ada","secret":"${secret}"})`);
    seen.add(secret);
  }
  assert.equal(seen.size, 100);
  const shown = await sanctl("target chap mail --user ada --generate");
  assert.match(shown.stdout, /are ada\nsecret {2}[A-Za-z0-9_.]{16}\n$/);
  assert.match(shown.stderr, /not shown again/);
  const long = await sanctl("target reverse-chap mail --user s --generate --long-secret --quiet");
  assert.match(long.stdout, /^[A-Za-z0-9_.]{32}\n$/);
  assert.match(long.calls[1]!, /"longSecret":true/);
  const json = await sanctl("target chap mail --user ada --generate --json");
  assert.match((JSON.parse(json.stdout) as { secret: string }).secret, /^[A-Za-z0-9_.]{16}$/);
});

Deno.test("B-17: a secret that was given is in no output, JSON neither", async () => {
  for (const form of ["", " --json", " --quiet", " --verbose"]) {
    const line = `target chap mail --user ada --secret-stdin${form}`;
    const { exitCode, stdout, stderr } = await sanctl(line, { input: WORD });
    assert.equal(exitCode, 0);
    assert.doesNotMatch(stdout + stderr, /canary/);
  }
  const json = await sanctl("target chap mail --user ada --secret-stdin --json", { input: WORD });
  assert.deepEqual(JSON.parse(json.stdout), SET);
});

Deno.test("target chap: --off takes it away", async () => {
  const off = await sanctl("target chap mail --off");
  assert.equal(off.stdout, "target mail asks for no proof\n");
  assert.equal(off.calls[1], 'setChap("mail", undefined)');
  const reverse = await sanctl("target reverse-chap --discovery --off");
  assert.equal(reverse.stdout, "discovery proves nothing\n");
  assert.equal(reverse.calls[0], "setReverseChap(undefined, undefined)");
});

Deno.test("target chap: flags that do not go together are refused before anything is asked", async () => {
  const cases: [string, RegExp][] = [
    ["target chap --user ada", /no target is named/],
    ["target chap mail --discovery --user ada", /both/],
    ["target chap mail", /no user is named/],
    ["target chap mail --generate", /no user is named/],
    ["target chap mail --off --user ada", /--off goes with no other flag/],
    ["target reverse-chap mail --off --generate", /--off goes with no other flag/],
    ["target chap mail --user ada --generate --secret-stdin", /one place only/],
    ["target chap mail --user ada --secret canary", /no flag --secret/],
  ];
  for (const [line, text] of cases) {
    const { exitCode, stderr, calls } = await sanctl(line, { terminal: true, hidden: [WORD] });
    assert.equal(exitCode, 2, line);
    assert.match(stderr, text);
    assert.equal(calls.some((call) => call.startsWith("set")), false);
  }
});

Deno.test("target show and status tell who must prove what", async () => {
  const { stdout } = await sanctl("target show mail");
  assert.match(stdout, /^chap +required, as ada$/m);
  assert.match(stdout, /^algorithms +sha256$/m);
  const open = await sanctl("target show mail", {
    control: { showTarget: () => Promise.resolve(MAIL) },
  });
  assert.match(open.stdout, /^chap +not required$/m);
});
