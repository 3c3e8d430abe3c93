/** The path with the fewest blocks on their way. */
import type { MakePolicy } from "../policy.ts";
import { Least } from "./least.ts";

export const leastBlocks: MakePolicy = () => {
  const least = new Least(({ blocks }) => blocks);
  return {
    select: (usable) => usable,
    choose: (selected) => least.among(selected),
  };
};
