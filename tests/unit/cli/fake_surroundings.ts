/** A process made of strings, for commands under test. */
import type { Control } from "../../../lib/config/control.ts";
import type { Choice } from "../../../cli/choose.ts";
import type { InitiatorControl } from "../../../lib/initiator_service/control.ts";
import { sanctl } from "../../../cli/sanctl.ts";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The calls that the control got, as `method(arguments as JSON)`. */
  readonly calls: readonly string[];
  /** What was offered for choosing. */
  readonly offered: readonly Choice[];
}

export interface FakeOptions {
  /** What the control's methods answer. */
  readonly control?: Partial<Control>;
  readonly initiator?: Partial<InitiatorControl>;
  readonly terminal?: boolean;
  /** What is typed at a prompt. */
  readonly typed?: string;
  /** What is typed unseen, a line a prompt. */
  readonly hidden?: readonly string[];
  /** What stands in standard input. */
  readonly input?: string;
  /** What is chosen of what is offered; without it that is called off. */
  readonly chosen?: readonly string[];
  /** Called with what sends SIGINT to the command. */
  readonly onStart?: (interrupt: () => void) => void;
}

/** Runs one command line against a control that records what it is asked. */
export async function ran(argv: readonly string[], options: FakeOptions = {}): Promise<Ran> {
  let stdout = "", stderr = "";
  const calls: string[] = [];
  const offered: Choice[] = [];
  const hidden = [...options.hidden ?? []];
  const exitCode = await sanctl(argv, {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    terminal: options.terminal ?? false,
    readLine: () => Promise.resolve(options.typed),
    readHidden(ask) {
      ask();
      return Promise.resolve(hidden.shift());
    },
    readInput: () => Promise.resolve(options.input),
    choose(_question, choices) {
      offered.push(...choices);
      return Promise.resolve(options.chosen);
    },
    openControl: () => Promise.resolve(recording(options.control ?? {}, calls)),
    openInitiator: () => Promise.resolve(recording(options.initiator ?? {}, calls)),
    onInterrupt(then) {
      options.onStart?.(() => then(130));
      return () => {};
    },
  });
  return { exitCode, stdout, stderr, calls, offered };
}

function recording<C extends object>(control: Partial<C>, calls: string[]): C {
  return new Proxy(control, {
    get(target, name: string) {
      if (name === "then") return undefined;
      if (name === "close") return () => Promise.resolve(void calls.push("close()"));
      return (...args: unknown[]) => {
        const plain = args.filter((arg) =>
          typeof arg !== "function" && !(arg instanceof AbortSignal)
        );
        calls.push(`${name}(${plain.map((arg) => JSON.stringify(arg) ?? "undefined").join(", ")})`);
        const method = target[name as keyof C] as
          | ((...args: unknown[]) => unknown)
          | undefined;
        if (method === undefined) throw new Error(`the test gives no answer to ${name}`);
        return method(...args);
      };
    },
  }) as C;
}
