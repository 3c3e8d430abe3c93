/** What somebody meant who wrote a word that there is not. */

/** A longer word is no slip of a pen. */
const LONGEST = 64;

/** The known word that is least different, if it is little enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const each of known) {
    const difference = differenceOf(word.toLowerCase(), each.toLowerCase());
    if (difference < least) [best, least] = [each, difference];
  }
  return best;
}

/**
 * How many letters must be put in, left out, replaced, or swapped with their neighbour, to make one
 * word the other: the optimal string alignment distance.
 */
function differenceOf(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = above[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      let least = Math.min(row[j - 1]! + 1, above[j]! + 1, replaced);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[other.length]!;
}
