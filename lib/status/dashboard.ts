/** The dashboard's files, by the address that each is served at: nothing else is. */
import { DASHBOARD_ICON } from "./dashboard_icon.ts";
import { DASHBOARD_PAGE } from "./dashboard_page.ts";
import { DASHBOARD_SCRIPT } from "./dashboard_script.ts";
import { DASHBOARD_STYLE } from "./dashboard_style.ts";

export interface DashboardFile {
  readonly type: string;
  readonly text: string;
}

export const DASHBOARD_FILES: ReadonlyMap<string, DashboardFile> = new Map([
  ["/", { type: "text/html; charset=utf-8", text: DASHBOARD_PAGE }],
  ["/dashboard.css", { type: "text/css; charset=utf-8", text: DASHBOARD_STYLE }],
  ["/dashboard.js", { type: "text/javascript; charset=utf-8", text: DASHBOARD_SCRIPT }],
  ["/icon.svg", { type: "image/svg+xml", text: DASHBOARD_ICON }],
]);
