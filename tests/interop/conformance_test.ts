/**
 * libiscsi's conformance suite against the service: each suite a process of its own, over LUNs of
 * six kinds, most of which are needed to reach each test.
 */
import assert from "node:assert/strict";
import {
  listSuites,
  runSuite,
  type SuiteResult,
  type Verdict,
  verdictsOf,
} from "../support/iscsi_test_cu.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { Sanctl } from "../support/sanctl.ts";
import { Service, type TestDisk } from "../support/service.ts";

/** What is not everybody's: commands that a target may leave out. */
const OPTIONAL_SUITES: readonly string[] = [
  "ExtendedCopy",
  "ReceiveCopyResults",
  "WriteAtomic16",
  "Sanitize",
  "ReadDefectData10",
  "ReadDefectData12",
];

/** Of the 230 tests of libiscsi 1.19. */
const OBLIGATORY_TESTS = 203;

/** Sanitize alone sleeps for more than a minute. */
const SUITE_MS = 200_000;

interface Profile {
  readonly target: string;
  readonly title: string;
  /** How its disks are made. */
  readonly disk: Pick<TestDisk, "options" | "readOnly">;
  /** Of the first LUN; memory that is written stays taken. */
  readonly size?: string;
  readonly isFile?: boolean;
  /** The only suites or tests; all suites without. */
  readonly only?: readonly string[];
  /** Tests that are not for it. */
  readonly without?: readonly string[];
}

const PROFILES: readonly Profile[] = [
  { target: "thin", title: "thin", disk: {} },
  {
    target: "readonly",
    title: "read-only",
    disk: { readOnly: true },
    only: ["ReadOnly"],
  },
  { target: "removable", title: "removable", disk: { options: "--removable" }, size: "256M" },
  {
    target: "physical",
    title: "physical 4096",
    disk: { options: "--physical-block 4096" },
    // InvalidDataOutSize alters every command that its process sends after it.
    only: [
      "CompareAndWrite.InvalidDataOutSize",
      "WriteSame10.InvalidDataOutSize",
      "WriteSame16.InvalidDataOutSize",
      "WriteSame10.UnmapUnaligned",
      "WriteSame16.UnmapUnaligned",
    ],
  },
  { target: "fixed", title: "fixed VHD", disk: {}, isFile: true },
  {
    target: "large",
    title: "blocks of 4096",
    disk: { options: "--logical-block 4096" },
    size: "256M",
    // It moves 65,536 blocks with one command, whatever MAXIMUM TRANSFER LENGTH says.
    without: ["WriteSame16.Unmap"],
  },
];

/** A suite that does not do with the first LUN of the profile's target and both paths. */
interface Apart {
  /** After the target's name: on a target of its own, so that nobody resets it. */
  readonly target?: string;
  readonly lun: number;
  readonly size: string;
  readonly paths: readonly number[];
  /** Beside the others, as most of its time is sleep. */
  readonly beside: boolean;
}

const MAIN: Apart = { lun: 0, size: "1G", paths: [0, 1], beside: false };

const APART: Readonly<Record<string, Apart>> = {
  // It takes for granted that some blocks are zero.
  MultipathIO: { lun: 1, size: "64M", paths: [0, 1], beside: false },
  // What it overwrites goes at 32 MiB a second, and must not be over in five seconds. Where it has a
  // second path, it reserves the unit through that and never lets it go.
  Sanitize: { target: "-sanitize", lun: 0, size: "256M", paths: [0], beside: true },
};

type Run = Promise<SuiteResult>;

/** The runs of all profiles, by profile and suite; begun together, as most of their time is sleep. */
class Conformance {
  readonly #service: Service;
  readonly #folder: string;
  readonly #runs = new Map<string, Run>();

  private constructor(service: Service, folder: string) {
    this.#service = service;
    this.#folder = folder;
  }

  static async start(): Promise<Conformance> {
    const folder = await Deno.makeTempDir({ prefix: "sanctl-test-" });
    const targets = Object.assign({}, ...PROFILES.map(targetsOf));
    const service = await Service.declare(new Sanctl(folder), {
      targets,
      portals: ["127.0.0.1:0"],
    });
    await service.start();
    const conformance = new Conformance(service, folder);
    for (const profile of PROFILES) conformance.#begin(profile, namesOf(profile));
    return conformance;
  }

  /** Begins the runs, most of them one after the other. */
  #begin(profile: Profile, names: readonly string[]): void {
    let before: Promise<unknown> = Promise.resolve();
    for (const name of names) {
      const [suite] = name.split(".");
      const { target = "", lun, paths, beside } = APART[suite!] ?? MAIN;
      const urls = paths.map((path) => this.#service.url(profile.target + target, lun, path));
      const begin = () => runSuite({ name, urls, timeoutMs: SUITE_MS });
      const run = beside ? begin() : before.then(begin);
      if (!beside) before = run;
      this.#runs.set(keyOf(profile, name), run);
    }
  }

  run(profile: Profile, name: string): Run {
    return this.#runs.get(keyOf(profile, name))!;
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#runs.values());
    await this.#service.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The targets of a profile with their disks. */
function targetsOf(profile: Profile): Record<string, TestDisk[]> {
  const targets: Record<string, TestDisk[]> = {};
  const main = { ...MAIN, size: profile.size ?? MAIN.size };
  for (const { target: suffix = "", lun, size } of [main, ...Object.values(APART)]) {
    const target = profile.target + suffix;
    const file = profile.isFile ? `${target}-${lun}.vhd` : `mem:${target}-${lun}`;
    (targets[target] ??= []).push({ ...profile.disk, file, size });
  }
  return targets;
}

function keyOf({ target }: Profile, name: string): string {
  return `${target} ${name}`;
}

/** The suites of a profile; of one from which tests are missing, the others alone. */
function namesOf({ only, without = [] }: Profile): readonly string[] {
  if (only !== undefined) return only;
  return [...suites].flatMap(([suite, tests]) => {
    const names = tests.map((it) => `${suite}.${it}`);
    const left = names.filter((name) => !without.includes(name));
    return left.length === names.length ? [suite] : left;
  });
}

const needs = requires("iscsi-test-cu", "dist/sanctl");
const suites = needs.ignore ? new Map<string, readonly string[]>() : await listSuites();
let conformance: Conformance | undefined;

/** A test whose service and runs are those of all the others. */
function test(name: string, fn: (conformance: Conformance) => Promise<void>): void {
  Deno.test({
    name: `iscsi-test-cu: ${name}`,
    ...needs,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => fn(conformance!),
  });
}

Deno.test.beforeAll(async () => {
  if (!needs.ignore) conformance = await Conformance.start();
});

Deno.test.afterAll(async () => {
  await conformance?.end();
});

for (const profile of PROFILES) {
  for (const name of namesOf(profile)) {
    test(`${profile.title}: ${name}`, async (conformance) => {
      const { tests, trouble, output } = await conformance.run(profile, name);
      assert.equal(trouble, undefined, `${trouble}\n${output}`);
      const failed = [...tests].filter(([, verdict]) => verdict === "failed").map(([it]) => it);
      assert.deepEqual(failed, [], output);
      assert.ok(tests.size > 0, output);
    });
  }
}

/** What each profile made of each test, by `Suite.Test`. */
async function verdictsOfAll(
  conformance: Conformance,
): Promise<Map<Profile, Map<string, Verdict>>> {
  const all = new Map<Profile, Map<string, Verdict>>();
  for (const profile of PROFILES) {
    const verdicts = new Map<string, Verdict>();
    for (const name of namesOf(profile)) {
      const { tests } = await conformance.run(profile, name);
      for (const [it, verdict] of tests) verdicts.set(`${name.split(".")[0]}.${it}`, verdict);
    }
    all.set(profile, verdicts);
  }
  return all;
}

/** Passed, failed and skipped of each suite in each profile. */
function table(all: Map<Profile, Map<string, Verdict>>): string {
  const head = ["passed/failed/skipped", "tests", ...PROFILES.map(({ title }) => title)];
  const rows = [...suites].map(([suite, tests]) => [
    suite,
    String(tests.length),
    ...[...all.values()].map((verdicts) => {
      const own = tests.map((it) => verdicts.get(`${suite}.${it}`));
      const counts = (["passed", "failed", "skipped"] as const).map((verdict) =>
        own.filter((it) => it === verdict).length
      );
      return own.every((it) => it === undefined) ? "" : counts.join("/");
    }),
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)));
  return [head, ...rows].map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ").trimEnd()
  ).join("\n");
}

test("nothing fails, and each test that is not optional passes somewhere", async (conformance) => {
  const all = await verdictsOfAll(conformance);
  note(table(all));
  const names = [...suites].flatMap(([suite, tests]) => tests.map((it) => `${suite}.${it}`));
  const passed = new Set<string>();
  const failed: string[] = [];
  for (const [{ title }, verdicts] of all) {
    for (const [name, verdict] of verdicts) {
      if (verdict === "passed") passed.add(name);
      if (verdict === "failed") failed.push(`${title}: ${name}`);
    }
  }
  assert.deepEqual(failed, []);
  const obligatory = names.filter((name) => !OPTIONAL_SUITES.includes(name.split(".")[0]!));
  assert.ok(obligatory.length >= OBLIGATORY_TESTS, `${obligatory.length} tests are obligatory`);
  assert.deepEqual(obligatory.filter((name) => !passed.has(name)), []);
  note(`${passed.size} of ${names.length} tests pass; ${obligatory.length} had to`);
});

Deno.test("verdictsOf: a mark makes a skip of what the tool calls passed", () => {
  const output = [
    "Suite: Some",
    "  Test: Good ...passed",
    "  Test: Noisy ...    [INFO] something",
    "passed    [FAILED] what was to be cleaned up",
    "  Test: LeftOut ...    [SKIPPED] Logical unit is not removable.",
    "passed",
    "  Test: Bad ...    [FAILED] no sense",
    "FAILED",
    "    1. test_bad.c:7  - CU_ASSERT_EQUAL(ret,0)",
    "  Test: Crashed ...    [INFO] passed over the edge",
  ].join("\n");
  assert.deepEqual(Object.fromEntries(verdictsOf(output)), {
    Good: "passed",
    Noisy: "passed",
    LeftOut: "skipped",
    Bad: "failed",
    Crashed: "failed",
  });
});
