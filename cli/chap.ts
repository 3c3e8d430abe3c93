/** What `target chap` and `target reverse-chap` have in common. */
import { ControlError } from "../lib/config/control_error.ts";
import type { AuthenticationFacts, Changed } from "../lib/config/facts.ts";
import type { Context } from "./context.ts";
import type { ChapFlags } from "./routes/target_chap.ts";

/** The target that is meant, or undefined for discovery; nothing else will do. */
export function scopeOf(name: string | undefined, { discovery }: ChapFlags): string | undefined {
  if ((name === undefined) === (discovery === true)) return name;
  throw new ControlError(
    "usage",
    name === undefined ? "no target is named" : "both a target and discovery are named",
    "give the name of a target, or --discovery",
  );
}

/** As whom to prove something; undefined with --off, which stands alone. */
export function userOf(flags: ChapFlags): string | undefined {
  const { off, discovery: _, ...others } = flags;
  const given = Object.values(others).some((value) => value !== undefined);
  if (off && given) {
    throw new ControlError(
      "usage",
      "--off goes with no other flag",
      "leave out --off or the others",
    );
  }
  if (off) return undefined;
  if (flags.user !== undefined) return flags.user;
  throw new ControlError(
    "usage",
    "no user is named",
    "give --user USER, by custom the iSCSI name of whoever proves itself, or --off",
  );
}

/** Says what was changed; a secret that was made up is told here or never. */
export function report(
  { output, flags: { json, quiet } }: Context,
  { facts, notices }: Changed<AuthenticationFacts>,
  generated: string | undefined,
  sentence: (facts: AuthenticationFacts) => string,
): void {
  const shown = generated === undefined ? facts : { ...facts, secret: generated };
  output.changed({ facts: shown, notices }, sentence);
  if (generated === undefined || json) return;
  output.line(quiet ? generated : `secret  ${generated}`);
  output.note("the secret is not shown again");
}

/** As operators call it. */
export function called(scope: string | undefined): string {
  return scope === undefined ? "discovery" : `target ${scope}`;
}
