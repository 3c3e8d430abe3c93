/** The one of which there is least; among equals each in its turn. */
import type { Choice } from "../policy.ts";

export class Least {
  readonly #of: (choice: Choice) => number;
  #last = 0;

  constructor(of: (choice: Choice) => number) {
    this.#of = of;
  }

  among<P extends Choice>(choices: readonly P[]): P {
    let least = choices[0]!;
    let leastOf = Infinity;
    const { length } = choices;
    for (let i = 1; i <= length; i++) {
      const at = (this.#last + i) % length;
      const of = this.#of(choices[at]!);
      if (of >= leastOf) continue;
      leastOf = of;
      least = choices[at]!;
    }
    this.#last = choices.indexOf(least);
    return least;
  }
}
