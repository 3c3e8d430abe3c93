/** Runs the executable as a person or a script would. */
import { EXECUTABLE } from "./requires.ts";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly executable?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Only what `env` names is in the environment. */
  readonly clearEnv?: boolean;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

const decoder = new TextDecoder();

/** Runs it to its end, with nothing to read and no terminal. */
export async function runExecutable(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { executable = EXECUTABLE, env = {}, clearEnv = false, cwd, signal } = options;
  const { code, stdout, stderr } = await new Deno.Command(executable, {
    args: [...args],
    env: { ...env },
    clearEnv,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  }).output();
  return { exitCode: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A directory that is gone when `use` ends. */
export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "sanctl-test-" });
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
