/**
 * F3, B-20 on sockets: the same hostile targets listen on loopback, and our initiator dials them as
 * it dials any: what the system does with octets, closings and resets is part of it.
 */
import { dial } from "../../lib/initiator/dial.ts";
import { DEFAULT_LIMITS } from "../../lib/initiator/limits.ts";
import { InitiatorNode } from "../../lib/initiator/node.ts";
import { wakefulClock } from "../../lib/runtime/clock.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import { HOSTILE_STAGES, type PrepareGround } from "./hostile_case.ts";
import { runHostileCases } from "./hostile_run.ts";

/** `SANCTL_FUZZ_SOCKET_CASES=n` makes it longer: 51,000 send about a million PDUs. */
const CASES = Number(Deno.env.get("SANCTL_FUZZ_SOCKET_CASES") ?? 400);

/** While some wait for what never comes, others go on. */
const AT_ONCE = 24;

/** Short, since they pass; a time that is up too early makes nothing right that is wrong. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  ...{ probeTimeMs: 300, commandTimeoutMs: 300, functionTimeoutMs: 100 },
  ...{ loginTimeoutMs: 300, discoveryTimeoutMs: 300, logoutTimeoutMs: 100 },
};

for (const stage of HOSTILE_STAGES) {
  const cases = Math.ceil(CASES / HOSTILE_STAGES.length);
  Deno.test(`F3 B-20: ${cases} portals that send anything in ${stage} harm nobody`, async () => {
    await runHostileCases({
      ...{ stage, cases, prepare: onLoopback, where: "on sockets", atOnce: AT_ONCE },
    });
  });
}

const onLoopback: PrepareGround = (_, answer) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listening = accept(listener, answer);
  const node = new InitiatorNode({
    name: "iqn.2026-01.org.example:host",
    clock: wakefulClock,
    random: systemRandom,
    logger: silentLogger,
    dial,
    limits: LIMITS,
  });
  return {
    node,
    portal: { host: listener.addr.hostname, port: listener.addr.port },
    close: async () => {
      listener.close();
      await listening;
    },
  };
};

async function accept(
  listener: Deno.TcpListener,
  answer: (stream: Deno.TcpConn) => void,
): Promise<void> {
  for await (const connection of listener) answer(connection);
}
