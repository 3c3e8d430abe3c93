/**
 * `deno task bench [--runs N] [--seconds S] [--size MIB] [--only TEXT]`: sanctl and tgtd on equal
 * images, the two taking turns run by run, so that what else the machine does falls on both; then
 * sanctl as an NBD server, beside nbdkit and qemu-nbd; then disks of several files beside flat
 * ones; then libiscsi and our own initiator on sanctl. Prints tables in Markdown: medians, and
 * their ratio.
 */
import { DISK_ROWS } from "../tests/bench/disk_rows.ts";
import { INITIATOR_ROWS, type InitiatorRow } from "../tests/bench/initiator_rows.ts";
import { NBD_ROWS } from "../tests/bench/nbd_rows.ts";
import { startNbdkit, startQemuNbd, startSanctlNbd } from "../tests/bench/nbd_servers.ts";
import { type Outcome, type Row, ROWS } from "../tests/bench/rows.ts";
import {
  cpuMicroseconds,
  type Folios,
  layOut,
  residentMiB,
  type Server,
  startSanctl,
  startTgtd,
} from "../tests/bench/servers.ts";

interface Sample {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

function option(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Deno.args[at + 1] ?? otherwise;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function sample(server: Server, row: Row, seconds: number): Promise<Sample> {
  const before = await cpuMicroseconds(server.pid);
  const outcome: Outcome = await row.load(server.url, seconds);
  const spent = await cpuMicroseconds(server.pid) - before;
  return { perSecond: outcome.perSecond, cpuMicroseconds: spent / outcome.operations };
}

function count(value: number): string {
  return value >= 10_000 ? `${Math.round(value / 1000)}k` : String(Math.round(value));
}

async function measure(
  row: Row,
  { sanctl, peer }: { readonly sanctl: Server; readonly peer: Server },
  plan: Plan,
): Promise<string> {
  const ours: Sample[] = [];
  const theirs: Sample[] = [];
  for (let run = 0; run < plan.runs; run++) {
    // Who begins changes from run to run.
    for (const server of run % 2 === 0 ? [sanctl, peer] : [peer, sanctl]) {
      const taken = await sample(server, row, plan.seconds);
      (server === sanctl ? ours : theirs).push(taken);
    }
  }
  const speed = (samples: Sample[]) => median(samples.map(({ perSecond }) => perSecond));
  const cpu = (samples: Sample[]) => median(samples.map((each) => each.cpuMicroseconds)).toFixed(1);
  const ratio = speed(ours) / speed(theirs);
  const goal = row.atLeast === undefined ? "" : `≥ ${row.atLeast}`;
  const cells = [
    row.name,
    count(speed(theirs)),
    count(speed(ours)),
    `**${ratio.toFixed(2)}×**`,
    goal,
    cpu(theirs),
    cpu(ours),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Both initiators on the same target, in turns. */
async function compareInitiators(
  row: InitiatorRow,
  sanctl: Server,
  plan: { readonly runs: number; readonly seconds: number },
): Promise<string> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < plan.runs; run++) {
    for (const isOurs of run % 2 === 0 ? [true, false] : [false, true]) {
      const { perSecond } = await (isOurs ? row.ours : row.libiscsi)(sanctl.url, plan.seconds);
      (isOurs ? ours : theirs).push(perSecond);
    }
  }
  const ratio = median(ours) / median(theirs);
  const goal = row.atLeast === undefined ? "" : `≥ ${row.atLeast}`;
  const figures = [count(median(theirs)), count(median(ours)), `**${ratio.toFixed(2)}×**`, goal];
  return `| ${[row.name, ...figures].join(" | ")} |`;
}

/** Disks of more than one flat file, and one of that. */
async function compareDisks(
  directory: string,
  only: string,
  plan: { readonly runs: number; readonly seconds: number },
): Promise<void> {
  const rows = DISK_ROWS.filter(({ name }) => name.includes(only));
  if (rows.length === 0) return;
  console.log("\n| disks | flat | ours | ratio | goal | met |");
  console.log("| --- | ---: | ---: | ---: | ---: | --- |");
  for (const row of rows) {
    const folder = await Deno.makeTempDir({ dir: directory });
    const figures = await row.measure(folder, plan);
    const { flat, ours } = figures;
    const [one, other] = [flat, ours].map((value) => `${count(value)} ${row.unit}`);
    const met = row.isMet(figures) ? "yes" : "NO";
    const ratio = `**${(ours / flat).toFixed(2)}×**`;
    console.log(`| ${[row.name, one, other, ratio, row.goal, met].join(" | ")} |`);
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeImage(path: string, mebibytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const piece = new Uint8Array(1 << 20);
  for (let at = 0; at < piece.length; at += 65_536) {
    crypto.getRandomValues(piece.subarray(at, at + 65_536));
  }
  for (let i = 0; i < mebibytes; i++) {
    for (let written = 0; written < piece.length;) {
      written += await file.write(piece.subarray(written));
    }
  }
}

interface Plan {
  readonly runs: number;
  readonly seconds: number;
}

/** Our NBD server beside others, each pair in turns. */
async function compareNbd(directory: string, image: string, only: string, plan: Plan) {
  const rows = NBD_ROWS.filter(({ name }) => name.includes(only));
  if (rows.length === 0) return;
  const sanctl = await startSanctlNbd(directory, image);
  try {
    for (const start of [startNbdkit, startQemuNbd]) {
      const peer = await start(directory, image);
      const { name } = peer;
      console.log(
        `\n| load | ${name} /s | sanctl /s | ratio | goal | ${name} CPU µs | sanctl CPU µs |`,
      );
      console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
      try {
        let folios: Folios | undefined;
        for (const row of rows) {
          if (folios !== row.folios) {
            folios = row.folios;
            for (const server of [sanctl, peer]) await layOut(server, image, folios);
          }
          console.log(await measure(row, { sanctl, peer }, plan));
        }
      } finally {
        await peer.stop();
      }
    }
  } finally {
    await sanctl.stop();
  }
}

async function main(): Promise<void> {
  const plan = { runs: Number(option("runs", "5")), seconds: Number(option("seconds", "2")) };
  const only = option("only", "");
  const directory = await Deno.makeTempDir({ prefix: "sanctl-bench-" });
  const started: Server[] = [];
  try {
    const image = `${directory}/image`;
    await makeImage(image, Number(option("size", "512")));
    const sanctl = await startSanctl(directory, image);
    started.push(sanctl);
    const tgtd = await startTgtd(directory, image);
    started.push(tgtd);
    const date = new Date().toISOString().slice(0, 10);
    console.log(
      `${date}, ${navigator.hardwareConcurrency} cores, loopback, median of ${plan.runs}:\n`,
    );
    console.log("| load | tgtd /s | sanctl /s | ratio | goal | tgtd CPU µs | sanctl CPU µs |");
    console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let folios: Folios | undefined;
    for (const row of ROWS.filter(({ name }) => name.includes(only))) {
      if (folios !== row.folios) {
        folios = row.folios;
        for (const server of started) await layOut(server, image, folios);
      }
      console.log(await measure(row, { sanctl, peer: tgtd }, plan));
    }
    const initiatorRows = INITIATOR_ROWS.filter(({ name }) => name.includes(only));
    const [theirs, ours] = [await residentMiB(tgtd.pid), await residentMiB(sanctl.pid)];
    console.log(`| resident memory, MiB | ${Math.round(theirs)} | ${Math.round(ours)} | | | | |`);
    await compareNbd(directory, image, only, plan);
    await compareDisks(directory, only, plan);
    if (initiatorRows.length === 0) return;
    console.log("\n| load | libiscsi /s | our initiator /s | ratio | goal |");
    console.log("| --- | ---: | ---: | ---: | ---: |");
    for (const row of initiatorRows) {
      if (folios !== row.folios) await layOut(sanctl, image, folios = row.folios);
      console.log(await compareInitiators(row, sanctl, plan));
    }
  } finally {
    for (const server of started) await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

await main();
