/** The paths of all TypeScript files below `folder`, sorted, relative to where `folder` is. */
export function sourceFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...sourceFiles(path));
    else if (entry.name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

/** The program and what makes it, without its tests: path → text. */
export function sources(): Map<string, string> {
  const paths = [...["lib", "cli", "scripts"].flatMap(sourceFiles), "mod.ts"];
  return new Map(paths.map((path) => [path, Deno.readTextFileSync(path)]));
}
