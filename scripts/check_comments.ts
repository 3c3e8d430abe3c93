/** Keeps comments as narrow as the code, which `deno fmt` does not. */
/** Columns, as in `fmt.lineWidth` of deno.json. */
const MOST_COLUMNS = 100;

/** A line of nothing but comment; the further ones of a block begin with an asterisk. */
const COMMENT = /^\s*(\/\/|\/\*|\*)/;

/** Lines of comment that are too wide, in the files given as path → text. */
export function commentProblems(sources: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  for (const [path, source] of sources) {
    for (const [at, line] of source.split("\n").entries()) {
      if (line.length <= MOST_COLUMNS || !COMMENT.test(line)) continue;
      problems.push(`${path}:${at + 1}: a comment of ${line.length} columns: wrap it`);
    }
  }
  return problems;
}
