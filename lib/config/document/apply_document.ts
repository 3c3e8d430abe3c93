/**
 * Makes the server what a document says, wholly or not at all. Files that take long to make are
 * made first, while other changes go on; then, with every other change held off, the plan is made
 * again, and put into effect if it is still the same.
 */
import type { ApplyOptions, Changed, PlanFacts } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { CreateOptions, DiskFiles } from "../disk_files.ts";
import type { DeclaredDisk } from "../schema.ts";
import { NO_SECRETS, secretUses } from "../secret_book.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { findingsOf } from "./findings.ts";
import { type Plan, planOf, planText, refuseToDisturb } from "./plan.ts";
import { readDocument } from "./read_document.ts";

export async function applyDocument(
  keeper: StateKeeper,
  text: string,
  options: ApplyOptions,
  course: CreateOptions,
): Promise<Changed<PlanFacts>> {
  const { files, observation } = keeper;
  const read = readDocument(text, options.source ?? "the document");
  const state = await keeper.state();
  const findings = await findingsOf(read, state, files);
  const prune = options.prune ?? false;
  const planning = { findings, observation, prune, drawn: new Map<string, string>() };
  // Where there are none, there is no need to hold off others to read them.
  const secrets = secretUses(state).length > 0 ? await keeper.secrets() : NO_SECRETS;
  const plan = planOf({ state, secrets }, read, planning);
  const facts = { applied: !options.dryRun, digest: await digestOf(plan), steps: plan.steps };
  if (options.dryRun) return { facts, notices: [] };
  if (options.agreed !== undefined && options.agreed !== facts.digest) throw overtaken();
  if (plan.steps.length === 0) return { facts, notices: [] };
  if (!options.force) refuseToDisturb(plan);
  await withFiles(plan.created, keeper, course, async () => {
    await keeper.change((now, itsSecrets) => {
      const again = planOf({ state: now, secrets: itsSecrets }, read, planning);
      if (planText(again) !== planText(plan)) throw overtaken();
      if (!options.force) refuseToDisturb(again);
      return { ...again.next, notices: [] };
    });
  });
  return { facts, notices: noticesOf(plan) };
}

/** Makes the files of the disks for `use`; where that fails, they are gone again. */
async function withFiles(
  disks: readonly DeclaredDisk[],
  keeper: StateKeeper,
  course: CreateOptions,
  use: () => Promise<void>,
): Promise<void> {
  const made: string[] = [];
  try {
    await createFiles(disks, keeper.files, course, made);
    await use();
  } catch (error) {
    // What is declared all the same is somebody's disk, whatever failed.
    const declared = new Set((await keeper.state()).disks.map(({ path }) => path));
    const unused = made.filter((path) => !declared.has(path));
    throw await removeFiles(unused, keeper.files, error);
  }
}

async function createFiles(
  disks: readonly DeclaredDisk[],
  files: DiskFiles,
  { onProgress, signal }: CreateOptions,
  made: string[],
): Promise<void> {
  const total = disks.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const disk of disks) {
    const done = before;
    const uuid = await files.create(disk, {
      onProgress: (progress) => onProgress?.({ done: done + progress.done, total }),
      signal,
    });
    made.push(disk.path!);
    if (uuid !== undefined && uuid !== disk.uuid) throw new Error(`${disk.path} has another UUID`);
    before += disk.size;
  }
  signal?.throwIfAborted();
}

/** Removes the files, and answers what failed before, with what could not be removed. */
async function removeFiles(
  paths: readonly string[],
  files: DiskFiles,
  error: unknown,
): Promise<unknown> {
  const left: string[] = [];
  for (const path of paths) {
    try {
      await files.delete(path);
    } catch (failure) {
      if (!(failure instanceof ControlError)) throw failure;
      left.push(path);
    }
  }
  if (left.length === 0 || !(error instanceof ControlError)) return error;
  const message = `${error.message}; ${left.join(", ")} could not be removed again`;
  return new ControlError(error.kind, message, error.nextStep, { cause: error });
}

async function digestOf(plan: Plan): Promise<string> {
  const octets = new TextEncoder().encode(planText(plan));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

function overtaken(): ControlError {
  return new ControlError(
    "in-use",
    "the server was changed by somebody else meanwhile, and this would do something else now",
    "apply it again, and see what it does",
  );
}

function noticesOf({ next: { state: next }, steps }: Plan): string[] {
  const added = new Set(steps.filter((it) => it.action === "add").map((it) => it.name));
  const closed = next.targets.filter(({ name, allow }) => added.has(name) && allow.length === 0);
  const inMemory = next.disks.filter(({ name, format }) => added.has(name) && format === "mem");
  return [
    ...closed.map(({ name }) => `no initiator may log in to ${name} yet`),
    ...inMemory.map(({ name }) =>
      `disk ${name} is kept in memory: what is written to it is lost when the service ends`
    ),
  ];
}
