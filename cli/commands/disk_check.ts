import { ControlError } from "../../lib/config/control_error.ts";
import type { Changed, CheckedDisk } from "../../lib/config/facts.ts";
import type { Control, Followed } from "../../lib/config/control.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { type Column, table } from "../output.ts";
import type { DiskCheckFlags } from "../routes/disk_check.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { repair = false, parent }: DiskCheckFlags,
  word: string,
): Promise<void> {
  const check = await checkOf(this, word);
  const bar = this.progress(`checking ${word}`);
  let changed: Changed<CheckedDisk>;
  try {
    changed = await check({
      repair,
      parent: parent === undefined ? undefined : absolute(parent),
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
  } finally {
    bar.end();
  }
  this.output.changed(changed, textOf);
  fail(changed.facts, word, repair);
}

interface Asked extends Followed {
  readonly repair: boolean;
  readonly parent: string | undefined;
}

type Check = (asked: Asked) => Promise<Changed<CheckedDisk>>;

/** How what is meant is checked: a disk or a snapshot, by its name or its file, or any file. */
async function checkOf(context: Context, word: string): Promise<Check> {
  const control = await context.control();
  const isHere = !context.flags.server?.startsWith("http");
  const name = word.includes("/") ? undefined : word;
  const path = absolute(word);
  const real = isHere ? await Deno.realPath(path).catch(() => undefined) : path;
  const disks = await control.listDisks();
  const snapshots = await control.snapshots.list();
  // Names come first, and a disk before a snapshot that it shows.
  const of = (its: (each: { name: string; path: string | null }) => boolean) =>
    disks.filter(its).map(({ name }) => ofDisk(control, name))[0] ??
      snapshots.filter(its).map(({ name }) => ofSnapshot(control, name))[0];
  const check = of((each) => each.name === name) ??
    of((each) => real !== undefined && each.path === real);
  if (check !== undefined) return check;
  if (!isHere) {
    const message = `there is no disk and no snapshot ${word} there; other files are checked on ` +
      "the machine that has them";
    throw new ControlError("not-found", message, "run it there, without --server");
  }
  if (real === undefined) throw noSuchFile(word, path);
  return (asked) => checkFile(real, asked);
}

function ofDisk(control: Control, name: string): Check {
  return ({ repair, parent, onProgress, signal }) =>
    control.checkDisk(name, { repair, parent }, onProgress, signal);
}

function ofSnapshot(control: Control, name: string): Check {
  return ({ repair, parent, ...followed }) =>
    control.snapshots.check(name, { repair, parent }, followed);
}

/** A file that nothing declares. */
async function checkFile(path: string, asked: Asked): Promise<Changed<CheckedDisk>> {
  const { checkDisk } = await import("../../lib/config/check_disk.ts");
  const facts = await checkDisk(path, { ...asked, disk: undefined, isMerging: false });
  return { facts, notices: [] };
}

function noSuchFile(word: string, path: string): ControlError {
  const isName = !word.includes("/");
  const what = isName
    ? `there is no disk, no snapshot and no file ${word}`
    : `there is no file ${path}`;
  return new ControlError("not-found", what, "sanctl disk list shows the disks");
}

type Row = CheckedDisk["findings"][number] & { readonly repaired: boolean };

const DONE = { true: "yes", false: "no" } as const;

function columns(checked: CheckedDisk): readonly Column<Row>[] {
  const isOne = checked.findings.every(({ path }) => path === checked.path);
  const where = ({ path, at }: Row) => isOne ? `${at}` : `${path}:${at}`;
  return [
    { heading: "SEVERITY", value: ({ severity }) => severity },
    { heading: "WHAT", value: ({ kind }) => kind },
    { heading: "AT", align: "right", value: where },
    {
      heading: "REPAIR",
      value: ({ repaired, repairable }) => repaired ? "done" : DONE[`${repairable}`],
    },
    { heading: "DETAIL", value: ({ message }) => message },
  ];
}

function textOf(checked: CheckedDisk): string {
  const { path, format, size, parents, findings, repaired, served } = checked;
  const rows = [
    ...repaired.map((finding) => ({ ...finding, repaired: true })),
    ...findings.map((finding) => ({ ...finding, repaired: false })),
  ];
  const kind = format === "raw" ? "raw image" : format === "unknown" ? "no VHD" : `${format} VHD`;
  const above = size === null ? "" : ` of ${formatSize(size)}`;
  const below = parents.length === 0 ? "" : `, over ${parents.join(", ")}`;
  const verdict = findings.some(({ severity }) => severity !== "note") ? "" : "; nothing is wrong";
  const how = served ? "; it is served meanwhile, and unused space was not looked for" : "";
  const summary = `${path}: ${kind}${above}${below}${verdict}${how}`;
  return rows.length === 0 ? summary : `${table(rows, columns(checked))}\n${summary}`;
}

function fail(
  { findings, verdict, path, served }: CheckedDisk,
  word: string,
  repair: boolean,
): void {
  const wrong = findings.filter(({ severity }) => severity !== "note");
  const mendable = wrong.filter(({ repairable }) => repairable);
  // A journal is repaired with the disk that it is beside.
  const files = mendable.map((finding) => finding.path.replace(/\.sjl$/, ""));
  const other = files.find((each) => each !== path);
  const command = `sanctl disk check ${other ?? word} --repair`;
  if (verdict === "at-risk") {
    const isOfParents = findings.every(({ severity, kind }) =>
      severity !== "risk" || kind.startsWith("parent-")
    );
    const next = isOfParents
      ? "see to its parents first; nothing has been lost in its own file"
      : served
      ? "leave the service running, and take a copy of the disk first: sanctl backup create"
      : "change nothing before there is a copy of its files; then restore a backup, or save what " +
        "can be read: sanctl disk convert";
    throw new ControlError("at-risk", `data of ${word} may be at risk`, next);
  }
  if (wrong.length === 0) return;
  const is = wrong.length === 1 ? "1 flaw" : `${wrong.length} flaws`;
  const next = other === undefined && repair
    ? "what is left cannot be repaired here; make a copy: sanctl disk convert"
    : `no data is lost; put it right: ${command}`;
  throw new ControlError("failed", `${word} has ${is}`, next);
}
