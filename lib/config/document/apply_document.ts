/**
 * Makes the server what a document says, wholly or not at all. What takes long is done first, while
 * other changes go on: files are made, and disks extended. Then, with every other change held off,
 * the plan is made again, and put into effect if it is still the same.
 */
import type { ApplyOptions, Changed, PlanFacts } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { CreateOptions } from "../disk_files.ts";
import { NO_SECRETS, secretUses } from "../secret_book.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { findingsOf } from "./findings.ts";
import { type Growth, growTogether } from "./grow_together.ts";
import { lengthOf, withFiles } from "./make_files.ts";
import { type GrownDisk, type Plan, planOf, planText, refuseToDisturb } from "./plan.ts";
import { readDocument } from "./read_document.ts";

export async function applyDocument(
  keeper: StateKeeper,
  data: unknown,
  options: ApplyOptions,
  course: CreateOptions,
): Promise<Changed<PlanFacts>> {
  const { files, observation } = keeper;
  const document = readDocument(data);
  const state = await keeper.state();
  const findings = await findingsOf(document, state, files);
  const prune = options.prune ?? false;
  const planning = { findings, observation, prune, drawn: new Map<string, string>() };
  // Where there are none, there is no need to hold off others to read them.
  const secrets = secretUses(state).length > 0 ? await keeper.secrets() : NO_SECRETS;
  const plan = planOf({ state, secrets }, document, planning);
  const facts = { applied: !options.dryRun, digest: await digestOf(plan), steps: plan.steps };
  if (options.dryRun) return { facts, notices: [] };
  if (options.agreed !== undefined && options.agreed !== facts.digest) throw overtaken();
  if (plan.steps.length === 0) return { facts, notices: [] };
  if (!options.force) refuseToDisturb(plan);
  await prepared(plan, keeper, course, async () => {
    await keeper.change((now, itsSecrets) => {
      const again = planOf({ state: now, secrets: itsSecrets }, document, planning);
      if (planText(again) !== planText(plan)) throw overtaken();
      if (!options.force) refuseToDisturb(again);
      return { ...again.next, notices: [] };
    });
  });
  return { facts, notices: noticesOf(plan) };
}

/**
 * Does what takes long, then `change`. Files that were made are removed where that fails, so disks
 * are extended last: they stay so.
 */
async function prepared(
  { created, grown }: Plan,
  keeper: StateKeeper,
  { onProgress, signal }: CreateOptions,
  change: () => Promise<void>,
): Promise<void> {
  const growths = grown.map((disk) => growthOf(disk, keeper));
  const length = lengthOf(created);
  const total = growths.reduce((sum, growth) => sum + growth.length, length);
  const tell = (done: number) => onProgress?.({ done, total });
  const making = { signal, onProgress: ({ done }: { done: number }) => tell(done) };
  const growing = { signal, onProgress: ({ done }: { done: number }) => tell(length + done) };
  await withFiles(created, keeper, making, async () => {
    await growTogether(growths, growing);
    await change();
  });
}

function growthOf({ disk, size, isDeclared }: GrownDisk, keeper: StateKeeper): Growth {
  return {
    disk: disk.name,
    length: size - disk.size,
    run: (options) =>
      isDeclared ? keeper.grow(disk, size, options) : keeper.files.grow(disk, size, options),
  };
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

function noticesOf({ next: { state }, steps, grown }: Plan): string[] {
  const added = new Set(steps.filter((it) => it.action === "add").map((it) => it.name));
  const closed = state.targets.filter(({ name, allow }) => added.has(name) && allow.length === 0);
  const inMemory = state.disks.filter(({ name, format }) => added.has(name) && format === "mem");
  return [
    ...closed.map(({ name }) => `no initiator may log in to ${name} yet`),
    ...inMemory.map(({ name }) =>
      `disk ${name} is kept in memory: what is written to it is lost when the service ends`
    ),
    ...grown.map(({ disk }) =>
      `a file system on disk ${disk.name} is as large as before, until its host extends it`
    ),
  ];
}
