/** Keeps the top folder what it is: what lies there else was left behind by some run. */
const AT_ROOT: ReadonlySet<string> = new Set([
  ...[".ci", ".gitignore", "LICENSE", "README.md", "deno.json", "deno.lock", "mod.ts"],
  ...["sanctl.schema.json", "cli", "lib", "scripts", "tests"],
]);

/** What lies at the top and is not known there, of paths relative to it. */
export function rootProblems(paths: Iterable<string>): string[] {
  const names = new Set(Array.from(paths, (path) => path.split("/")[0]!));
  return [...names].filter((name) => !AT_ROOT.has(name)).map((name) =>
    `${name}: nobody knows it at the top: remove it, or add it to scripts/check_root.ts`
  );
}

/** The files that git has or would be given; none where this is no checkout. */
export async function committablePaths(): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const { success, stdout } = await new Deno.Command("git", { args, stdin: "null" }).output();
    return success ? new TextDecoder().decode(stdout).split("\0").filter((path) => path) : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
