/** The path with the fewest commands on their way. */
import type { MakePolicy } from "../policy.ts";
import { Least } from "./least.ts";

export const leastQueueDepth: MakePolicy = () => {
  const least = new Least(({ commands }) => commands);
  return {
    select: (usable) => usable,
    choose: (selected) => least.among(selected),
  };
};
