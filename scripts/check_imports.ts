/**
 * Keeps imports going one way. Four rules, each broken by a path that is printed with its cause:
 * a folder of lib/ imports only what {@link MAY_IMPORT} lists, lib/ never imports cli/ or scripts/,
 * no file reaches itself, and what a command loads stays as small as {@link MAY_LOAD} says.
 */
import { sources } from "./source_files.ts";

/** One import of one file. */
export interface Import {
  readonly specifier: string;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
  /** Loaded when asked for, not when the importing file is. */
  readonly lazy: boolean;
}

/** A file of the project → what it imports; project files by their path, the rest as written. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

const ENGINES = ["wire", "runtime", "events", "net", "block", "scsi", "iscsi"] as const;
const BELOW_CONFIG = [
  ...ENGINES,
  "vhd",
  "nbd",
  "isns",
  "file_system",
  "partition",
  "device_url.ts",
  "image_copy.ts",
  "target",
  "initiator",
  "snapshot",
] as const;

/** What each part of lib/ may import, besides itself. lib/README.md shows the same table. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "wire": [],
  "runtime": [],
  "events": ["runtime"],
  "net": ["wire", "runtime"],
  "block": ["wire", "runtime"],
  "vhd": ["wire", "runtime", "block"],
  "nbd": ["wire", "runtime", "net", "block"],
  "file_system": ["runtime", "block"],
  "partition": ["wire", "runtime", "block", "file_system"],
  "scsi": ["wire", "runtime", "block"],
  "iscsi": ["wire", "runtime"],
  "isns": ["wire", "runtime", "net", "iscsi"],
  "target": ENGINES,
  "initiator": ENGINES,
  "device_url.ts": ["wire", "runtime", "block", "vhd", "nbd", "iscsi", "initiator"],
  "image_copy.ts": ["block", "vhd", "device_url.ts"],
  "snapshot": ["wire", "runtime", "block", "vhd"],
  "config": BELOW_CONFIG,
  "initiator_service": [...BELOW_CONFIG, "config"],
  "status": [...BELOW_CONFIG, "config", "initiator_service"],
};

/** Single files that may import against the table, because nothing leads back from there. */
const EXCEPTIONS: readonly (readonly [from: string, to: string])[] = [
  // A command speaks to the running service through its typed client, which knows no engine.
  ["lib/config/connect.ts", "lib/status/client.ts"],
  ["lib/initiator_service/connect.ts", "lib/status/initiator_client.ts"],
];

/**
 * What commands may load from outside, by where they begin to load: before one is known, which has
 * 25 ms, then one that speaks to the service (40 ms), or works without it on the declared state
 * (60 ms). One that touches a disk's file, and the service itself, load what they need.
 */
export const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  "cli/main.ts": ["@stricli/core"],
  "lib/config/connect.ts": [],
  "lib/status/client.ts": [],
  "lib/config/offline_control.ts": ["zod", "yaml"],
  "lib/initiator_service/connect.ts": [],
  "lib/status/initiator_client.ts": [],
  "lib/initiator_service/offline_initiator_control.ts": ["zod", "yaml"],
};

/** The commands that are a service. */
const SERVE: readonly string[] = [
  "cli/commands/target_serve.ts",
  "cli/commands/initiator_serve.ts",
];

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const LAZY = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** Every import that `source` states. */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, type, specifier] of source.matchAll(STATEMENT)) {
    found.push({ specifier: specifier!, typeOnly: type !== undefined, lazy: false });
  }
  for (const [, specifier] of source.matchAll(LAZY)) {
    found.push({ specifier: specifier!, typeOnly: false, lazy: true });
  }
  return found;
}

/** The graph of the files given as path → text. */
export function graphOf(sources: ReadonlyMap<string, string>): Graph {
  const graph = new Map<string, Import[]>();
  for (const [path, source] of sources) {
    const imports = importsOf(source);
    graph.set(path, imports.map((it) => ({ ...it, specifier: resolve(path, it.specifier) })));
  }
  return graph;
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Imports that go against the table of layers. */
export function directionProblems(graph: Graph): string[] {
  const problems: string[] = [];
  for (const [path, imports] of graph) {
    if (!path.startsWith("lib/")) continue;
    const part = partOf(path);
    const allowed = MAY_IMPORT[part];
    if (allowed === undefined) {
      problems.push(`${path}: lib/${part} has no row in scripts/check_imports.ts, add one`);
      continue;
    }
    for (const { specifier } of imports) {
      if (!graph.has(specifier) || isException(path, specifier)) continue;
      if (!specifier.startsWith("lib/")) {
        problems.push(`${path} imports ${specifier}: lib/ imports nothing outside lib/`);
      } else if (partOf(specifier) !== part && !allowed.includes(partOf(specifier))) {
        const list = allowed.length === 0 ? "nothing else" : `only ${allowed.join(", ")}`;
        problems.push(`${path} imports ${specifier}: ${part} may import ${list}`);
      }
    }
  }
  return problems;
}

function partOf(path: string): string {
  return path.split("/")[1]!;
}

function isException(from: string, to: string): boolean {
  return EXCEPTIONS.some(([source, target]) => source === from && target === to);
}

/** Relative imports of files that are not there. */
export function missingProblems(graph: Graph): string[] {
  const problems: string[] = [];
  for (const [path, imports] of graph) {
    for (const { specifier } of imports) {
      const isOurs = /^(lib|cli|scripts)\//.test(specifier) && specifier.endsWith(".ts");
      if (isOurs && !graph.has(specifier)) {
        problems.push(`${path} imports ${specifier}: no such file`);
      }
    }
  }
  return problems;
}

/** Files that import themselves by way of others, one circle each. Types are gone at run time. */
export function circularProblems(graph: Graph): string[] {
  const problems: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];

  function visit(file: string): void {
    const at = path.indexOf(file);
    if (at >= 0) {
      problems.push(`circular import: ${[...path.slice(at), file].join(" → ")}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const { specifier, typeOnly } of graph.get(file) ?? []) {
      if (!typeOnly && graph.has(specifier)) visit(specifier);
    }
    path.pop();
    done.add(file);
  }

  for (const file of graph.keys()) visit(file);
  return problems;
}

/** Modules from outside that commands would load and have no time for. */
export function startUpProblems(graph: Graph): string[] {
  const commands = [...graph.keys()].filter((path) =>
    path.startsWith("cli/commands/") && !SERVE.includes(path)
  );
  const entries = [
    ...Object.entries(MAY_LOAD).filter(([entry]) => graph.has(entry)),
    ...commands.map((path): [string, readonly string[]] => [path, []]),
  ];
  return [...new Set(entries.flatMap(([entry, allowed]) => loadProblems(graph, entry, allowed)))];
}

function loadProblems(graph: Graph, entry: string, allowed: readonly string[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();

  function visit(file: string, by: string): void {
    if (!graph.has(file)) {
      if (!allowed.includes(file)) {
        problems.push(`${by} imports ${file} at start-up: load it where it is needed, by import()`);
      }
      return;
    }
    if (seen.has(file)) return;
    seen.add(file);
    for (const { specifier, typeOnly, lazy } of graph.get(file)!) {
      if (!typeOnly && !lazy) visit(specifier, file);
    }
  }

  visit(entry, entry);
  return problems;
}

/** Everything wrong with the imports of a project, whose files are given as path → text. */
export function importProblems(sources: ReadonlyMap<string, string>): string[] {
  const graph = graphOf(sources);
  return [
    ...missingProblems(graph),
    ...directionProblems(graph),
    ...circularProblems(graph),
    ...startUpProblems(graph),
  ];
}

if (import.meta.main) {
  const problems = importProblems(sources());
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
}
