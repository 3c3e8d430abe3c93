/** Keeps what is declared of the target service. */
import { inconsistency } from "./consistency.ts";
import { type DeclaredKind, DeclaredStore } from "./declared_store.ts";
import { DeclaredState, emptyState } from "./schema.ts";
import { secretReferences } from "./secret_book.ts";
import { secretProblem } from "./secret_rules.ts";
import { stateFile } from "./state_directory.ts";

const KIND: DeclaredKind<DeclaredState> = {
  of: "sanctl",
  path: stateFile,
  schema: DeclaredState,
  empty: emptyState,
  inconsistency,
  references: secretReferences,
  secretProblem,
  remedy: "remove targets or disks that are not needed",
  secretRemedy: "take CHAP from targets that need none",
  secretUses: "`chap` and `reverseChap`",
};

export class StateStore extends DeclaredStore<DeclaredState> {
  constructor(directory: string) {
    super(directory, KIND);
  }
}
