/** One path carries everything; the others stand by. */
import type { Choice, MakePolicy } from "../policy.ts";

export const failOverOnly: MakePolicy = ({ failBack }) => {
  let current: Choice | undefined;
  return {
    select(usable) {
      const stays = failBack ? undefined : usable.find((each) => each === current);
      const selected = stays ?? usable[0]!;
      current = selected;
      return [selected];
    },
    choose: (selected) => selected[0]!,
  };
};
