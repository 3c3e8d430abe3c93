/** A real Linux in an emulator, with a shell at the test's disposal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Lifeline } from "./lifeline.ts";
import { makeLinuxImage } from "./linux_image.ts";

export interface GuestResult {
  readonly exitCode: number;
  /** What it said on both of its outputs. */
  readonly output: string;
}

const EMULATOR = [
  "qemu-system-x86_64",
  ..."-m 512 -smp 1 -nodefaults -display none -no-reboot".split(" "),
  ..."-nic user,model=virtio-net-pci -monitor none".split(" "),
];

/** Messages on the first line, which nobody reads while all goes well; a shell on the second. */
const KERNEL_OPTIONS = "console=ttyS0 panic=-1 quiet";

/** What ends the answer to a command; the first one says that the guest is up. */
const EXIT = /==exit (\d+)==\n/;

const MINUTE_MS = 60_000;
const BOOT_MS = 3 * MINUTE_MS;

export class LinuxGuest {
  readonly #child: Deno.ChildProcess;
  readonly #lifeline: Lifeline;
  readonly #console: string;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #said = "";

  private constructor(child: Deno.ChildProcess, console: string) {
    this.#child = child;
    this.#lifeline = new Lifeline(child.pid);
    this.#console = console;
    this.#input = child.stdin.getWriter();
    this.#output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Boots with files in `folder`; `through` are words before the emulator's command line, and
   * `options` are more of its own.
   */
  static async boot(
    folder: string,
    through: readonly string[] = [],
    options: readonly string[] = [],
  ): Promise<LinuxGuest> {
    const { kernel, initrd } = await makeLinuxImage(folder);
    const console = join(folder, "console.log");
    const image = ["-kernel", kernel, "-initrd", initrd, "-append", KERNEL_OPTIONS];
    const lines = ["-serial", `file:${console}`, "-serial", "stdio"];
    const words = [...through, ...EMULATOR, ...accelerator(), ...lines, ...image, ...options];
    const [program, ...args] = words;
    const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
    const guest = new LinuxGuest(child, console);
    try {
      await guest.#until(EXIT, BOOT_MS);
      return guest;
    } catch (error) {
      await guest.end();
      throw error;
    }
  }

  /** Runs a script in the guest's shell, to its end. */
  async run(script: string, timeoutMs = MINUTE_MS): Promise<GuestResult> {
    const line = `( ${script}\n) </dev/null 2>&1; echo "==exit $?=="\n`;
    await this.#input.write(new TextEncoder().encode(line));
    const [output, exitCode] = await this.#until(EXIT, timeoutMs);
    return { exitCode: Number(exitCode), output };
  }

  /** Runs a script that must succeed; answers what it said. */
  async ok(script: string, timeoutMs = MINUTE_MS): Promise<string> {
    const { exitCode, output } = await this.run(script, timeoutMs);
    assert.equal(exitCode, 0, `${script}: exited with ${exitCode} in the guest\n${output}`);
    return output;
  }

  /** Waits until a condition holds, which is a script too. */
  async until(condition: string): Promise<void> {
    const tries = `for try in $(seq 150); do { ${condition}; } && exit 0; sleep 0.2; done`;
    const { exitCode, output } = await this.run(`${tries} >/dev/null; exit 1`);
    if (exitCode === 0) return;
    const said = await this.ok("dmesg");
    assert.fail(`not so in the guest: ${condition}\n${output}its kernel said:\n${said}`);
  }

  /** Switches it off. */
  async end(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#lifeline.cut();
    await this.#input.abort().catch(() => undefined);
    await this.#output.cancel();
  }

  /** Waits for the end mark; answers what came before it, and what the mark says. */
  async #until(mark: RegExp, timeoutMs: number): Promise<[said: string, mark: string]> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), timeoutMs);
    try {
      for (;;) {
        const found = mark.exec(this.#said);
        if (found !== null) {
          const said = this.#said.slice(0, found.index);
          this.#said = this.#said.slice(found.index + found[0].length);
          return [said, found[1] ?? ""];
        }
        const read = await Promise.race([this.#output.read(), late.promise]);
        if (read === "late") {
          throw new Error(`the guest is not done after ${timeoutMs} ms${this.#state()}`);
        }
        if (read.done) throw new Error(`the guest has ended${this.#state()}`);
        this.#said += read.value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #state(): string {
    return `; it said: ${this.#said}\nand its kernel: ${Deno.readTextFileSync(this.#console)}`;
  }
}

/** The processor's own help where it has any: a machine may have the device and not that. */
function accelerator(): readonly string[] {
  const hasHelp = /\b(?:vmx|svm)\b/.test(Deno.readTextFileSync("/proc/cpuinfo"));
  return hasHelp && isWritable("/dev/kvm")
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg", "-cpu", "max"];
}

function isWritable(path: string): boolean {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return true;
  } catch {
    return false;
  }
}
