import type { CheckedDisk } from "../../lib/config/check_disk.ts";
import { ControlError } from "../../lib/config/control_error.ts";
import type { DiskFacts } from "../../lib/config/facts.ts";
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
  const { checkDisk } = await import("../../lib/config/check_disk.ts");
  const disk = await declared(this, word);
  const path = disk === undefined ? absolute(word) : fileOf(disk);
  const bar = this.progress(`checking ${word}`);
  let checked: CheckedDisk;
  try {
    checked = await checkDisk(path, {
      repair,
      disk,
      isMerging: disk !== undefined && await isMerging(this, disk),
      parent: parent === undefined ? disk?.parent ?? undefined : absolute(parent),
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
  } finally {
    bar.end();
  }
  this.output.facts(checked, textOf);
  fail(checked, word, repair);
}

/** A snapshot of it is being deleted: what that holds is on its way into the file under it. */
async function isMerging(context: Context, { name }: DiskFacts): Promise<boolean> {
  const snapshots = await (await context.control()).snapshots.list(name);
  return snapshots.some(({ state }) => state === "deleting");
}

/** The disk that is meant, if one is declared: by its name, or by its file. */
async function declared(context: Context, word: string): Promise<DiskFacts | undefined> {
  if (context.flags.server?.startsWith("http")) {
    const message = "files are checked on the machine that has them, not through a service";
    throw new ControlError("usage", message, "run it there, without --server");
  }
  const disks = await (await context.control()).listDisks();
  const named = word.includes("/") ? undefined : disks.find(({ name }) => name === word);
  if (named !== undefined) return named;
  const path = absolute(word);
  const real = await Deno.realPath(path).catch(() => undefined);
  if (real !== undefined) return disks.find((disk) => disk.path === real);
  const isName = !word.includes("/");
  const what = isName ? `there is no disk and no file ${word}` : `there is no file ${path}`;
  throw new ControlError("not-found", what, "sanctl disk list shows the disks");
}

function fileOf({ name, path, format }: DiskFacts): string {
  if (path !== null && format !== "nbd") return path;
  const where = path === null ? "is in memory" : "is another server's";
  throw new ControlError("usage", `disk ${name} ${where}: it has no file that could be checked`);
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
  const { path, format, size, parents, findings, repaired } = checked;
  const rows = [
    ...repaired.map((finding) => ({ ...finding, repaired: true })),
    ...findings.map((finding) => ({ ...finding, repaired: false })),
  ];
  const kind = format === "raw" ? "raw image" : format === "unknown" ? "no VHD" : `${format} VHD`;
  const above = size === null ? "" : ` of ${formatSize(size)}`;
  const below = parents.length === 0 ? "" : `, over ${parents.join(", ")}`;
  const verdict = findings.some(({ severity }) => severity !== "note") ? "" : "; nothing is wrong";
  const summary = `${path}: ${kind}${above}${below}${verdict}`;
  return rows.length === 0 ? summary : `${table(rows, columns(checked))}\n${summary}`;
}

function fail({ findings, verdict, path }: CheckedDisk, word: string, repair: boolean): void {
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
