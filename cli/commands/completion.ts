import type { SHELLS } from "../application.ts";
import type { Context } from "../context.ts";

type Shell = typeof SHELLS[number];

/** Each asks sanctl itself, so that a script that was installed once stays right. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_sanctl() {
  local IFS=$'\\n'
  COMPREPLY=($(sanctl __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sanctl sanctl`,
  zsh: `#compdef sanctl
_sanctl() {
  local -a found
  found=("\${(@f)$(sanctl __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found[1]" ]]; then compadd -a found; else _files; fi
}
compdef _sanctl sanctl`,
  fish: "complete -c sanctl -a " +
    "'(sanctl __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'",
};

export default function (this: Context, _flags: Record<never, never>, shell: Shell): void {
  this.output.line(SCRIPTS[shell]);
}
