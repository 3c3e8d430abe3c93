import type { PlanFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { disturbances, planSummary, planText } from "../plan_text.ts";
import { readDocumentFile } from "../read_document_file.ts";
import type { ApplyFlags } from "../routes/document.ts";
import { isStandardStream } from "../standard_stream.ts";

export default async function (this: Context, flags: ApplyFlags): Promise<void> {
  const { file } = flags;
  const text = await readDocumentFile(file);
  const { readDocumentText } = await import("../../lib/config/document/document_text.ts");
  const { data, told } = readDocumentText(text, isStandardStream(file) ? "standard input" : file);
  try {
    await apply(this, data, flags);
  } catch (error) {
    throw told(error);
  }
}

async function apply(context: Context, data: unknown, flags: ApplyFlags): Promise<void> {
  const { file, prune, force, yes } = flags;
  const { output } = context;
  const control = await context.control();
  const { facts: plan } = await control.apply(data, { prune, dryRun: true });
  if (flags.dryRun) return output.facts(plan, dryText);
  if (!context.flags.json && plan.steps.length > 0) output.note(`${planText(plan)}\n`);
  const loss = lossOf(plan);
  // Without --force, sessions are left alone: the answer to a question would not change that.
  const isRefused = !force && plan.steps.some(({ sessions }) => sessions.length > 0);
  if (loss !== undefined && !isRefused) await context.confirm(loss, yes);
  const bar = context.progress(`files of ${file}`);
  try {
    const changed = await control.apply(
      data,
      { prune, force, agreed: plan.digest },
      (progress) => bar.update(progress),
      context.signal,
    );
    bar.end();
    output.changed(changed, doneText);
  } finally {
    bar.end();
  }
}

function dryText(plan: PlanFacts): string {
  if (plan.steps.length === 0) return doneText(plan);
  return `${planText(plan)}\n\n${planSummary(plan)}`;
}

function doneText(plan: PlanFacts): string {
  if (plan.steps.length === 0) return "nothing to change: the server is as the document says";
  return planSummary(plan);
}

/** What is lost, for whoever has to agree to it. */
function lossOf(plan: PlanFacts): string | undefined {
  const { steps } = plan;
  const removed = steps.filter(({ action }) => action === "remove");
  const inMemory = removed.filter(({ loss }) => loss !== null).map(({ name }) => name);
  const losses = [
    ...(removed.length === 0
      ? []
      : [`${removed.map(({ object, name }) => `${object} ${name}`).join(", ")} removed`]),
    ...(inMemory.length === 0 ? [] : [`the data of ${inMemory.join(", ")} lost`]),
    ...disturbances(plan),
  ];
  return losses.length === 0 ? undefined : losses.join("; ");
}
