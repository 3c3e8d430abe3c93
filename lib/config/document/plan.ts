/** What applying a document comes to, before anything is done about it. */
import { ControlError } from "../control_error.ts";
import type { PlanStepFacts } from "../facts.ts";
import type { Observation } from "../observation.ts";
import { sessionCount } from "../operations/outcome.ts";
import type { DeclaredDisk } from "../schema.ts";
import type { Declared } from "../secret_book.ts";
import type { ServerDocument } from "./document.ts";
import type { Findings } from "./findings.ts";
import { merge } from "./merge.ts";
import { drawnFor } from "./new_disk.ts";
import { stepsBetween } from "./steps.ts";

export interface Plan {
  /** What is declared then, and the secrets of it that are new. */
  readonly next: Declared;
  readonly steps: readonly PlanStepFacts[];
  /** Disks whose files are to be made. */
  readonly created: readonly DeclaredDisk[];
  readonly grown: readonly GrownDisk[];
}

/** A disk that is to be larger. */
export interface GrownDisk {
  /** As it is now, or as its file was found. */
  readonly disk: DeclaredDisk;
  readonly size: number;
  /** It is a disk already, and not imported just now. */
  readonly isDeclared: boolean;
}

export interface PlanOptions {
  readonly findings: Findings;
  readonly observation: Observation;
  readonly prune: boolean;
  /** What was drawn for what: a plan that is made again is the same. */
  readonly drawn: Map<string, string>;
}

export function planOf(declared: Declared, document: ServerDocument, options: PlanOptions): Plan {
  const { findings, observation, prune, drawn } = options;
  function draw(what: string): string {
    const uuid = drawn.get(what) ?? crypto.randomUUID();
    drawn.set(what, uuid);
    return uuid;
  }
  const next = merge(declared, document, { findings, draw, prune });
  const { disks } = next.state;
  const imported = disks.filter(({ name }) => findings.get(name)?.found !== undefined);
  const steps = stepsBetween({
    before: declared.state,
    after: next.state,
    secrets: next.secrets,
    observation,
    imported: new Set(imported.map(({ name }) => name)),
    drawn: new Set(
      disks.filter(({ name, uuid }) => drawn.get(drawnFor(name)) === uuid).map(({ name }) => name),
    ),
  });
  const asFound = (disk: DeclaredDisk) => {
    const { size } = findings.get(disk.name)!.found!;
    return { ...disk, size };
  };
  const made = steps.filter(({ file }) => file?.action === "created");
  const names = new Set(made.map(({ name }) => name));
  return {
    next,
    steps,
    created: disks.filter(({ name }) => names.has(name)),
    grown: [
      ...grownDisks(declared.state.disks, disks, true),
      ...grownDisks(imported.map(asFound), imported, false),
    ],
  };
}

/** Those that are there before and after, and are larger then. */
function grownDisks(
  before: readonly DeclaredDisk[],
  after: readonly DeclaredDisk[],
  isDeclared: boolean,
): GrownDisk[] {
  const sizes = new Map(after.map(({ uuid, size }) => [uuid, size]));
  return before.flatMap((disk) => {
    const size = sizes.get(disk.uuid) ?? disk.size;
    return size === disk.size ? [] : [{ disk, size, isDeclared }];
  });
}

/** What the plan is to those who agree to it: who is logged in meanwhile makes no other of it. */
export function planText({ steps }: Plan): string {
  return JSON.stringify(steps.map(({ sessions: _, ...step }) => step));
}

/** Refuses a plan that does something to who is logged in. */
export function refuseToDisturb({ steps }: Plan): void {
  const [first, ...others] = steps.filter(({ sessions }) => sessions.length > 0);
  if (first === undefined) return;
  const { name, sessions } = first;
  const ends = sessions.some(({ effect }) => effect === "ends");
  const what = ends ? "this ends" : "this takes disks from";
  const more = others.length === 0 ? "" : ` (and so for ${others.length} more)`;
  throw new ControlError(
    "in-use",
    `target ${name} has ${sessionCount(sessions.length)} open that ${what}${more}`,
    "log the initiators out first, or add --force",
  );
}
