import assert from "node:assert/strict";
import type { Control, SessionFacts } from "../../../lib/config/control.ts";
import { metricsText } from "../../../lib/status/metrics.ts";
import { SESSION as SAMPLE } from "../cli/sample_facts.ts";
import { withApi } from "./api_fixture.ts";

const SESSION: SessionFacts = {
  ...SAMPLE,
  initiator: 'iqn.2026-01.com.example:"a\\b\n"<script>',
  counters: { commands: 3, octetsRead: 4096, octetsWritten: 512 },
};

/** The lines of the exposition format: comments, and samples with escaped labels. */
const LABEL = /[a-z]+="(?:[^"\\\n]|\\["\\n])*"/.source;
const LINE = new RegExp(`^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\\{(?:${LABEL},?)+\\})? \\d+)$`);

Deno.test("metricsText is in the exposition format, whatever initiators call themselves", () =>
  withApi(async ({ control }) => {
    await control.createTarget({ name: "mail", allow: ["any"] });
    await control.createDisk({ memory: "d0", size: 1 << 20, target: "mail" });
    const busy = Object.assign(Object.create(control) as Control, {
      sessions: () => Promise.resolve([SESSION]),
    });
    for (const name of ["status", "listTargets", "listDisks"] as const) {
      Object.assign(busy, { [name]: () => control[name]() });
    }
    const text = await metricsText(busy);
    assert(text.endsWith("\n"));
    for (const line of text.trimEnd().split("\n")) assert.match(line, LINE);
    const sample = 'initiator="iqn.2026-01.com.example:\\"a\\\\b\\n\\"<script>"';
    assert(text.includes(`sanctl_session_commands_total{session="7",target="mail",${sample}} 3\n`));
    assert(text.includes('sanctl_disk_size_bytes{disk="d0"} 1048576\n'));
    assert(text.includes('sanctl_lun{target="mail",lun="0",disk="d0"} 1\n'));
  }));

Deno.test("metricsText tells of snapshots and schedules", () =>
  withApi(async ({ control }) => {
    const run = {
      startedAt: "2026-11-25T10:00:00.000Z",
      endedAt: "2026-11-25T10:00:07.500Z",
      failure: "no space",
    };
    const busy = Object.create(control) as Control;
    Object.assign(busy, {
      status: () => control.status(),
      listTargets: () => control.listTargets(),
      listDisks: () => control.listDisks(),
      sessions: () => control.sessions(),
      snapshots: {
        list: () => Promise.resolve([4096, null].map((space) => ({ disk: "d", space }))),
      },
      schedules: {
        list: () => Promise.resolve([{ name: "nightly", kind: "backup", lastRun: run }]),
      },
    });
    const text = await metricsText(busy);
    for (const line of text.trimEnd().split("\n")) assert.match(line, LINE);
    assert(text.includes('sanctl_disk_snapshots{disk="d"} 2\n'));
    assert(text.includes('sanctl_disk_snapshot_space_bytes{disk="d"} 4096\n'));
    assert(text.includes('sanctl_schedule_failed{schedule="nightly",kind="backup"} 1\n'));
    assert(text.includes('{schedule="nightly",kind="backup"} 1795600807\n'), text);
  }));

Deno.test("metricsText names each family once, with its type before its samples", () =>
  withApi(async ({ control }) => {
    const names = [...(await metricsText(control)).matchAll(/^# TYPE (\S+)/gm)].map(([, it]) => it);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name!, /^sanctl_[a-z_]+$/);
  }));
