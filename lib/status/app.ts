/**
 * The API, the dashboard and the metrics over HTTP. Made twice: with full control for the Unix
 * socket, which only the service's user can open, and to be read only for whoever reaches a TCP
 * port.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Control } from "../config/control.ts";
import { type ApiOptions, createApi } from "./api.ts";
import { DASHBOARD_FILES } from "./dashboard.ts";
import { metricsText } from "./metrics.ts";
import { ROUTES } from "./routes.ts";

export type AppOptions = Omit<ApiOptions<Control>, "routes" | "description">;

export function createApp(options: AppOptions): OpenAPIHono {
  const app = createApi({
    ...options,
    routes: ROUTES,
    description: "Targets, disks and sessions",
  });
  addFiles(app);
  app.get("/metrics", async (context) => context.text(await metricsText(options.control)));
  return app;
}

/** The dashboard's files, each by its own address: nothing is looked up on the disk. */
function addFiles(app: OpenAPIHono): void {
  for (const [path, { type, text }] of DASHBOARD_FILES) {
    app.get(path, (context) => context.body(text, 200, { "content-type": type }));
  }
}
