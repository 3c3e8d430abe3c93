/** The command line's entry: the only place that ends the process. */
import { HUNG_UP, INTERRUPTED, TERMINATED } from "./failure.ts";
import { Keyboard } from "./keyboard.ts";
import { sanctl } from "./sanctl.ts";
import { readInput, readLine, sinkOf } from "./terminal.ts";

const SIGNALS = [["SIGINT", INTERRUPTED], ["SIGTERM", TERMINATED], ["SIGHUP", HUNG_UP]] as const;

function onInterrupt(then: (exitCode: number) => void): () => void {
  const listeners = SIGNALS.map(([signal, exitCode]) => {
    const listener = () => then(exitCode);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return () => listeners.splice(0).forEach((remove) => remove());
}

if (import.meta.main) {
  const keyboard = new Keyboard(Deno.stdin);
  Deno.exit(
    await sanctl(Deno.args, {
      stdout: sinkOf(Deno.stdout),
      stderr: sinkOf(Deno.stderr),
      terminal: Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
      readLine,
      readHidden: (ask, signal) => keyboard.readHidden(ask, signal),
      readInput,
      async choose(question, choices, signal) {
        const { choose } = await import("./choose.ts");
        return choose(question, choices, signal);
      },
      async openControl({ stateDir, server }) {
        const { openControl } = await import("../lib/config/connect.ts");
        return openControl({ stateDir, server: server ?? Deno.env.get("SANCTL_SERVER") });
      },
      async openInitiator({ stateDir, server }) {
        const { openInitiatorControl } = await import("../lib/initiator_service/connect.ts");
        return openInitiatorControl({ stateDir, server });
      },
      onInterrupt,
    }),
  );
}
