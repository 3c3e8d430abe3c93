/** One sanctl with a state directory and disks of its own, on the executable. */
import assert from "node:assert/strict";
import { type Ran, runExecutable, withScratch } from "./executable.ts";

export class Sanctl {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where its disks may be. */
  path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  get environment(): Record<string, string> {
    return { SANCTL_STATE_DIR: this.path("state") };
  }

  /** Runs a command line, split at spaces; `{}` stands for the folder of its disks. */
  run(line: string): Promise<Ran> {
    return runExecutable(this.words(line), { env: this.environment });
  }

  words(line: string): string[] {
    return line.split(" ").map((word) => word.replace("{}", this.#folder));
  }

  /** Runs a command that must succeed, and answers what it printed. */
  async ok(line: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(line);
    assert.equal(exitCode, 0, `sanctl ${line}: ${stderr}`);
    return stdout;
  }

  /** Runs a command that must succeed, and answers the facts that it printed. */
  async facts<T>(line: string): Promise<T> {
    return JSON.parse(await this.ok(`${line} --json`)) as T;
  }
}

/** Gives `use` a fresh sanctl, and cleans up after it. */
export function withSanctl(use: (sanctl: Sanctl) => Promise<void>): Promise<void> {
  return withScratch((folder) => use(new Sanctl(folder)));
}
