/** `deno task ok`: what must hold before a commit, one line a step, seconds in all. */
import { STATIC_CHECKS, type Verdict } from "./static_checks.ts";

const STEPS = [...STATIC_CHECKS, { name: "unit tests", run: unitTests }];

async function unitTests(): Promise<Verdict> {
  const args = ["test", "-A", "--quiet", "--no-check", "--parallel", "--permit-no-files"];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args, "tests/unit"],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { passed: success, details: decoder.decode(stdout) + decoder.decode(stderr) };
}

let failed = 0;
for (const step of STEPS) {
  const startMs = performance.now();
  const { passed, details } = await step.run();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${passed ? "ok    " : "FAILED"} ${step.name} (${seconds} s)`);
  if (!passed) {
    failed++;
    console.log(details);
  }
}
if (failed > 0) Deno.exit(1);
