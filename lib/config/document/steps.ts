/** What stands between two declared states, object by object, as an operator is shown it. */
import type { FieldChangeFacts, FileStepFacts, PlanStepFacts, StepSessionFacts } from "../facts.ts";
import type { Observation } from "../observation.ts";
import type { DeclaredState } from "../schema.ts";
import type { SecretBook } from "../secret_book.ts";
import { exactSize } from "../size.ts";
import { documentOf } from "./document_of.ts";
import type { WholeDisk, WholeDocument, WholeTarget } from "./document.ts";
import { sessionsAffected, sessionsStrayed } from "./sessions_affected.ts";
import { writtenDisk, writtenDocument, type WrittenPart, writtenTarget } from "./write_document.ts";

export interface StepsOptions {
  readonly before: DeclaredState;
  readonly after: DeclaredState;
  /** Secrets that are new; their references were drawn. */
  readonly secrets: SecretBook;
  readonly observation: Observation;
  /** Disks whose file is imported. */
  readonly imported: ReadonlySet<string>;
  /** New disks whose UUID was drawn; nobody asked for that one. */
  readonly drawn: ReadonlySet<string>;
}

/** Settings of the server first, then what goes, what changes and what comes. */
export function stepsBetween(options: StepsOptions): PlanStepFacts[] {
  const before = documentOf(options.before);
  const after = documentOf(options.after, { newSecrets: options.secrets });
  const steps = [
    ...settingSteps(before, after, options),
    ...pairs(before.targets, after.targets, ({ iqn }) => iqn)
      .flatMap(([old, now]) => targetStep(old, now, options)),
    ...pairs(before.disks, after.disks, ({ uuid }) => uuid)
      .flatMap(([old, now]) => diskStep(old, now, options)),
  ];
  const order = ["remove", "change", "add"];
  return steps.sort((one, other) => order.indexOf(one.action) - order.indexOf(other.action));
}

interface Named {
  readonly name: string;
}

type Pair<T> = readonly [old: T | undefined, now: T | undefined];

/** Each object as it was and as it will be; `identityOf` tells one that is called otherwise now. */
function pairs<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  identityOf: (object: T) => string,
): Pair<T>[] {
  const byName = new Map(before.map((each) => [each.name, each]));
  const names = new Set(after.map(({ name }) => name));
  const renamed = before.filter(({ name }) => !names.has(name));
  const byIdentity = new Map(renamed.map((each) => [identityOf(each), each]));
  const kept = new Set<T>();
  const found = after.map((now): Pair<T> => {
    const old = byName.get(now.name) ?? byIdentity.get(identityOf(now));
    if (old !== undefined) kept.add(old);
    return [old, now];
  });
  return [
    ...before.filter((old) => !kept.has(old)).map((old): Pair<T> => [old, undefined]),
    ...found,
  ];
}

function settingSteps(
  before: WholeDocument,
  after: WholeDocument,
  change: StepsOptions,
): PlanStepFacts[] {
  const [old, now] = [before, after].map(({ targets: _, disks: __, ...settings }) =>
    writtenDocument(settings)
  );
  return changesBetween(old!, now!).map((setting) => ({
    action: "change",
    object: "server",
    name: setting.field,
    changes: [setting],
    file: null,
    sessions: setting.field === "portals" ? sessionsStrayed(change) : [],
    loss: null,
  }));
}

function targetStep(
  old: WholeTarget | undefined,
  now: WholeTarget | undefined,
  { before, after, observation }: StepsOptions,
): PlanStepFacts[] {
  const sessions = old === undefined ? [] : sessionsAffected(old, { before, after, observation });
  return step("target", old, now, {
    changes: changesBetween(old && writtenTarget(old), now && writtenTarget(now)),
    file: null,
    sessions,
    loss: null,
  });
}

function diskStep(
  old: WholeDisk | undefined,
  now: WholeDisk | undefined,
  { imported, drawn }: StepsOptions,
): PlanStepFacts[] {
  const changes = changesBetween(old && writtenDisk(old), now && writtenDisk(now));
  const isDrawn = now !== undefined && drawn.has(now.name);
  const isLost = now === undefined && old!.path === undefined;
  return step("disk", old, now, {
    changes: isDrawn ? changes.filter(({ field }) => field !== "uuid") : changes,
    file: fileStep(old, now, imported),
    sessions: [],
    loss: isLost ? `it is in memory: its ${exactSize(old!.size)} of data are lost` : null,
  });
}

function step(
  object: PlanStepFacts["object"],
  old: Named | undefined,
  now: Named | undefined,
  rest: {
    readonly changes: readonly FieldChangeFacts[];
    readonly file: FileStepFacts | null;
    readonly sessions: readonly StepSessionFacts[];
    readonly loss: string | null;
  },
): PlanStepFacts[] {
  if (old !== undefined && now !== undefined && rest.changes.length === 0) return [];
  const action = old === undefined ? "add" : now === undefined ? "remove" : "change";
  return [{ action, object, name: (old ?? now)!.name, ...rest }];
}

function fileStep(
  old: WholeDisk | undefined,
  now: WholeDisk | undefined,
  imported: ReadonlySet<string>,
): FileStepFacts | null {
  const path = (old ?? now)!.path;
  if (path === undefined) return null;
  if (old !== undefined && now !== undefined) {
    return old.size === now.size ? null : { path, action: "extended" };
  }
  if (now === undefined) return { path, action: "kept" };
  return { path, action: imported.has(now.name) ? "imported" : "created" };
}

/** The fields that differ. */
function changesBetween(old: WrittenPart = {}, now: WrittenPart = {}): FieldChangeFacts[] {
  const fields = [...new Set([...Object.keys(now), ...Object.keys(old)])];
  return fields.map((field) => ({ field, from: old[field] ?? null, to: now[field] ?? null }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}
