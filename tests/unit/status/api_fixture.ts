/** The API without sockets, before a state of its own that no service runs. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Control } from "../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../lib/config/offline.ts";
import { StateControl } from "../../../lib/config/state_control.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { createApp } from "../../../lib/status/app.ts";
import { MemoryDiskFiles } from "../config/memory_disk_files.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON, where it is. */
  readonly json: unknown;
}

export class TestApi {
  readonly control: Control;
  readonly full: OpenAPIHono;
  readonly shown: OpenAPIHono;

  constructor(control: Control, hosts: readonly string[] = []) {
    this.control = control;
    this.full = createApp({ control, access: "full", hosts, logger: silentLogger });
    this.shown = createApp({ control, access: "read-only", hosts, logger: silentLogger });
  }

  /** A request with full control. */
  ask(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<Answer> {
    return answer(this.full, method, path, body, headers);
  }

  /** A request to the address that only shows. */
  look(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<Answer> {
    return answer(this.shown, method, path, body, headers);
  }
}

async function answer(
  app: OpenAPIHono,
  method: string,
  path: string,
  body: unknown,
  given: HeadersInit,
): Promise<Answer> {
  const headers = new Headers(given);
  if (body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  const response = await app.request(`http://localhost${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

/** Runs the test with an API before an empty state. */
export async function withApi(test: (api: TestApi) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const files = new MemoryDiskFiles();
    files.put("/d/there.img");
    await test(new TestApi(new StateControl(new OfflineKeeper(directory, files))));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
