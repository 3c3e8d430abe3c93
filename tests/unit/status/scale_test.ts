import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import type { SessionFacts } from "../../../lib/config/control.ts";
import { NO_EVENTS } from "../../../lib/events/event_sink.ts";
import { NOTHING_RUNS, type Observation } from "../../../lib/config/observation.ts";
import type { Outcome } from "../../../lib/config/operations/outcome.ts";
import { type DeclaredState, emptyState } from "../../../lib/config/schema.ts";
import { NO_SECRETS } from "../../../lib/config/secret_book.ts";
import { StateControl } from "../../../lib/config/state_control.ts";
import type { StateKeeper } from "../../../lib/config/state_keeper.ts";
import { MemoryDiskFiles } from "../config/memory_disk_files.ts";
import { SESSION } from "../cli/sample_facts.ts";
import { TestApi } from "./api_fixture.ts";

const SESSIONS = 1000;
const LUNS = 64;
const TARGETS = 100;

/** Octets of one answer, at most. */
const BOUND = 1 << 20;

function session(at: number): SessionFacts {
  return {
    ...SESSION,
    id: String(at),
    target: `t${at % TARGETS}`,
    iqn: `iqn.2026-11.io.sanctl:host:t${at % TARGETS}`,
    initiator: `iqn.2026-01.com.example:${"x".repeat(190)}`,
    alias: "<script>alert(1)</script>".repeat(8),
  };
}

function largeState(): DeclaredState {
  const state = emptyState("iqn.2026-11.io.sanctl:host");
  for (let target = 0; target < TARGETS; target++) {
    const name = `t${target}`;
    state.targets.push({ name, iqn: `${state.iqnBase}:${name}`, description: "", allow: ["any"] });
    for (let lun = 0; lun < LUNS; lun++) {
      state.disks.push({
        name: `d${target}-${lun}`,
        format: "mem",
        uuid: crypto.randomUUID(),
        size: 1 << 30,
        logicalBlockLength: 512,
        physicalBlockLength: 512,
        sparse: true,
        removable: false,
        shared: false,
        description: "",
        assignments: [{ target: name, lun, readOnly: false }],
      });
    }
  }
  return state;
}

function busyServer(): TestApi {
  const sessions = Array.from({ length: SESSIONS }, (_, at) => session(at));
  const observation: Observation = {
    ...NOTHING_RUNS,
    running: true,
    sessionsOf: () => SESSIONS / TARGETS,
    sessions: () => sessions,
  };
  const state = largeState();
  const keeper: StateKeeper = {
    directory: "/var/lib/sanctl",
    files: new MemoryDiskFiles(),
    logger: silentLogger,
    observation,
    notes: NO_EVENTS,
    visitors: { visitors: () => Promise.resolve([]) },
    schedules: { conditions: () => Promise.resolve(new Map()) },
    events: { read: () => Promise.resolve({ events: [], next: 0, more: false }) },
    state: () => Promise.resolve(state),
    secrets: () => Promise.resolve(NO_SECRETS),
    change: () => Promise.reject<Outcome>(new Error("nothing is changed here")),
    grow: () => Promise.resolve(),
    exchange: () => Promise.reject<Outcome>(new Error("nothing is changed here")),
    look: () => Promise.resolve(undefined),
    reopen: () => Promise.resolve(),
    endSessions: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return new TestApi(new StateControl(keeper));
}

Deno.test("B-23: with 1,000 sessions and 6,400 LUNs every answer is bounded", async () => {
  const api = busyServer();
  for (const path of ["/api/status", "/api/sessions", "/api/targets", "/api/disks"]) {
    const { status, text } = await api.look("GET", path);
    assert.equal(status, 200);
    assert(text.length < BOUND, `${path}: ${text.length} octets`);
  }
  const largest = await api.look("GET", "/api/sessions?limit=500");
  assert(largest.text.length < BOUND, `${largest.text.length} octets`);
});

Deno.test("B-23: the parts of a long list put together are the whole, each item once", async () => {
  const api = busyServer();
  const seen: string[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const { json } = await api.look("GET", `/api/sessions?offset=${offset}`);
    const page = json as { items: SessionFacts[]; next: number | null };
    assert(page.items.length <= 100);
    seen.push(...page.items.map(({ id }) => id));
    offset = page.next;
  }
  assert.deepEqual(seen, Array.from({ length: SESSIONS }, (_, at) => String(at)));
});

Deno.test("B-58: what initiators call themselves leaves as JSON, never as markup", async () => {
  const { headers, json } = await busyServer().look("GET", "/api/sessions?limit=1");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal((json as { items: SessionFacts[] }).items[0]!.alias, session(0).alias);
});
