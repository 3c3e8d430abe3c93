/** Sizes as people write them: a number and a unit, 1 K = 1024 octets. */

export const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  P: 2 ** 50,
};

const SIZE = /^(\d+(?:\.\d+)?)\s*([bkmgtp])(?:ib)?$/i;

/** The octets that `text` means; an error says the right form. */
export function parseSize(text: string): number {
  if (/^\d+$/.test(text)) {
    throw new Error(`a size needs a unit: ${text}M, ${text}G or, for octets, ${text}B`);
  }
  const match = SIZE.exec(text);
  if (match === null) {
    throw new Error(
      "a size is a number and a unit of B K M G T P (1K = 1024), such as 512M or 20G",
    );
  }
  const octets = Number(match[1]) * SIZE_UNITS[match[2]!.toUpperCase()]!;
  if (!Number.isSafeInteger(octets)) {
    const why = octets > Number.MAX_SAFE_INTEGER ? "is too large" : "is no whole number of octets";
    throw new Error(`the size ${text} ${why}`);
  }
  return octets;
}

/** In the largest unit of which it is a whole number, so that {@link parseSize} takes it back. */
export function exactSize(octets: number): string {
  const [name, unit] = Object.entries(SIZE_UNITS)
    .findLast(([, unit]) => octets >= unit && octets % unit === 0) ?? ["B", 1];
  return `${octets / unit}${name}`;
}
