/** Finds a program of the system. */

/** Where those of administrators are, which a user's PATH often lacks. */
const ADMINISTRATION = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of the first of them that there is. */
export async function findProgram(names: readonly string[]): Promise<string | undefined> {
  const path = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  for (const name of names) {
    for (const folder of [...path, ...ADMINISTRATION]) {
      if (await isFile(`${folder}/${name}`)) return `${folder}/${name}`;
    }
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) return false;
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
