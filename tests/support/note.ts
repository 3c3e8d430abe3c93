/** What a test has to tell besides whether it passed: a figure, a table, the seed of a run. */

/** The runner collects notes in a file and prints them; by hand they go to stdout. */
export function note(text: string): void {
  const file = Deno.env.get("SANCTL_TEST_NOTES");
  if (file === undefined) console.log(text);
  else Deno.writeTextFileSync(file, `${text}\n`, { append: true });
}
