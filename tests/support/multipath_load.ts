/**
 * A program: keeps stamped writes and reads in flight on a disk that it reaches through several
 * portals, and tells what happens, a line of JSON each. Its first argument is a JSON of LoadOptions;
 * then it obeys the lines of its input: `policy NAME`, `figures`, `check`, `stop`.
 */
import type { PolicyName } from "../../lib/initiator/multipath/policies.ts";
import { DEFAULT_SETTINGS } from "../../lib/initiator/multipath/settings.ts";
import { RemoteDisk } from "../../lib/initiator/remote_disk.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { TargetLogin } from "../../lib/initiator/target_login.ts";
import { Chance } from "./chance.ts";
import { StampLedger } from "./stamp_ledger.ts";
import { BLOCK_LENGTH, stampedBlocks } from "./stamped_block.ts";

export interface LoadOptions {
  readonly target: string;
  readonly portals: readonly string[];
  readonly probeTimeMs: number;
  readonly policy: PolicyName;
  readonly seed: number;
  /** Blocks that are written, at the disk's beginning. */
  readonly blockCount: number;
}

export interface LoadFigures {
  readonly commands: number;
  readonly errors: readonly string[];
  /** The longest that any command took. */
  readonly longestMs: number;
  /** Commands that each path has carried, all in all. */
  readonly paths: readonly { readonly name: string; readonly state: string; commands: number }[];
}

export type LoadLine =
  | { readonly ready: true }
  | { readonly event: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly figures: LoadFigures }
  | { readonly checked: string | null };

const WORKERS = 16;
const MOST_BLOCKS = 64;

class Load {
  readonly #disk: RemoteDisk;
  readonly #ledger: StampLedger;
  readonly #chance: Chance;
  #isPaused = false;
  #working: Promise<unknown> = Promise.resolve();
  #commands = 0;
  #errors: string[] = [];
  #longestMs = 0;
  readonly #started = new Set<{ readonly sinceMs: number }>();

  constructor(disk: RemoteDisk, { blockCount, seed }: LoadOptions) {
    this.#disk = disk;
    this.#ledger = new StampLedger(blockCount);
    this.#chance = new Chance(seed);
  }

  start(): void {
    this.#isPaused = false;
    this.#working = Promise.all(Array.from({ length: WORKERS }, () => this.#work()));
  }

  /** Compares all that was written with what it has to be; answers what is wrong. */
  async check(): Promise<string | null> {
    this.#isPaused = true;
    await this.#working;
    const octets = new Uint8Array(this.#ledger.blockCount * BLOCK_LENGTH);
    await this.#disk.read(0, octets, 0, octets.length);
    try {
      this.#ledger.settle(octets);
      return null;
    } catch (error) {
      return (error as Error).message;
    } finally {
      this.start();
    }
  }

  async stop(): Promise<void> {
    this.#isPaused = true;
    await this.#working;
  }

  takeFigures(): Omit<LoadFigures, "paths"> {
    const nowMs = performance.now();
    for (const { sinceMs } of this.#started) {
      this.#longestMs = Math.max(this.#longestMs, nowMs - sinceMs);
    }
    const figures = {
      commands: this.#commands,
      errors: this.#errors,
      longestMs: Math.round(this.#longestMs),
    };
    this.#commands = this.#longestMs = 0;
    this.#errors = [];
    return figures;
  }

  async #work(): Promise<void> {
    while (!this.#isPaused) {
      const began = { sinceMs: performance.now() };
      this.#started.add(began);
      try {
        if (this.#chance.onceIn(64)) await this.#disk.flush();
        else await this.#writeAndRead();
      } catch (error) {
        if (this.#errors.length < 5) this.#errors.push((error as Error).message);
        await new Promise((over) => setTimeout(over, 100));
      }
      this.#started.delete(began);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - began.sinceMs);
      this.#commands++;
    }
  }

  async #writeAndRead(): Promise<void> {
    const blockCount = this.#chance.between(1, MOST_BLOCKS);
    const lba = this.#chance.below(this.#ledger.blockCount - blockCount + 1);
    if (!this.#ledger.isFree(lba, blockCount)) return await pause();
    const write = this.#ledger.issue(lba, blockCount);
    const octets = stampedBlocks({ blockNumber: lba, stamp: write.stamp, round: 0 }, blockCount);
    await this.#disk.write(lba * BLOCK_LENGTH, octets, 0, octets.length);
    if (this.#chance.onceIn(2)) await this.#readBack(lba, octets);
    this.#ledger.acknowledge(write);
  }

  /** What was just written is there, for nobody has written there since. */
  async #readBack(lba: number, octets: Uint8Array): Promise<void> {
    const found = new Uint8Array(octets.length);
    await this.#disk.read(lba * BLOCK_LENGTH, found, 0, found.length);
    if (octets.every((octet, i) => octet === found[i])) return;
    this.#errors.push(`block ${lba} does not hold what was written there just now`);
  }
}

function pause(): Promise<void> {
  return new Promise((over) => setTimeout(over, 1));
}

function tell(line: LoadLine): void {
  console.log(JSON.stringify(line));
}

async function main(): Promise<void> {
  const options: LoadOptions = JSON.parse(Deno.args[0]!);
  const { probeTimeMs, portals } = options;
  const node = systemNode({
    name: "iqn.2026-01.org.example:host",
    limits: { probeTimeMs, connectTimeoutMs: probeTimeMs, loginTimeoutMs: probeTimeMs },
  });
  const login = new TargetLogin(node, {
    targetName: options.target,
    settings: { ...DEFAULT_SETTINGS, settleMs: 200, mostSettleMs: 200 },
    paths: portals.map((text) => {
      const [host, port] = text.split(":");
      return { portal: { host: host!, port: Number(port) } };
    }),
  });
  const unit = login.unit(0, {
    name: "disk",
    policy: options.policy,
    events: { note: (event, data) => tell({ event, data }) },
  });
  for (const { kept } of login.paths) kept.start().catch(() => undefined);
  const disk = await RemoteDisk.open(unit);
  while (unit.paths.some(({ state }) => state !== "active" && state !== "standby")) await pause();
  const load = new Load(disk, options);
  load.start();
  tell({ ready: true });
  const obey: Readonly<Record<string, (word: string) => Promise<void> | void>> = {
    policy: (word) => void (unit.policy = word as PolicyName),
    figures: () => {
      const paths = unit.paths.map(({ name, state, counters: { commands } }) => ({
        name,
        state,
        commands,
      }));
      tell({ figures: { ...load.takeFigures(), paths } });
    },
    check: async () => tell({ checked: await load.check() }),
    stop: async () => {
      await load.stop();
      await disk.close();
      await login.close();
      Deno.exit(0);
    },
  };
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const chunk of lines) {
    const all = (rest + chunk).split("\n");
    rest = all.pop()!;
    for (const line of all) {
      const [verb, word = ""] = line.split(" ");
      await obey[verb!]!(word);
    }
  }
}

if (import.meta.main) await main();
