import type { PlanFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { disturbances, planSummary, planText } from "../plan_text.ts";
import { readDocumentFile } from "../read_document_file.ts";
import type { ApplyFlags } from "../routes/document.ts";

export default async function (this: Context, flags: ApplyFlags): Promise<void> {
  const { file, prune, force, yes } = flags;
  const document = await readDocumentFile(file);
  const source = file === "-" ? "standard input" : file;
  const control = await this.control();
  const { facts: plan } = await control.apply(document, { source, prune, dryRun: true });
  if (flags.dryRun) return this.output.facts(plan, dryText);
  if (!this.flags.json && plan.steps.length > 0) this.output.note(`${planText(plan)}\n`);
  const loss = lossOf(plan);
  // Without --force, sessions are left alone: the answer to a question would not change that.
  const isRefused = !force && plan.steps.some(({ sessions }) => sessions.length > 0);
  if (loss !== undefined && !isRefused) await this.confirm(loss, yes);
  const bar = this.progress(`creating files of ${source}`);
  try {
    const changed = await control.apply(
      document,
      { source, prune, force, agreed: plan.digest },
      (progress) => bar.update(progress),
      this.signal,
    );
    bar.end();
    this.output.changed(changed, doneText);
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
