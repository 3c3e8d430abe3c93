/** Runs programs of this machine, wherever their administrator's folders are. */

export interface ProgramResult {
  readonly success: boolean;
  /** What it said, on one line. */
  readonly said: string;
}

/** Where they are that a service's PATH often lacks. */
const ADMINISTRATION = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where the program is; undefined: it is not here, or may not be looked for. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  for (const folder of [...folders, ...ADMINISTRATION]) {
    if (await isFile(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

/** Runs it to its end; undefined: it is not here, or may not be run. */
export async function runProgram(
  name: string,
  args: readonly string[],
): Promise<ProgramResult | undefined> {
  const path = await findProgram(name);
  if (path === undefined) return undefined;
  try {
    const command = new Deno.Command(path, { args: [...args], stdin: "null" });
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    const said = `${decoder.decode(stdout)}${decoder.decode(stderr)}`;
    return { success, said: said.trim().replace(/\s*\n\s*/g, "; ") };
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** The program is gone, or this process may run none. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.PermissionDenied;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (isUnavailable(error) || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
