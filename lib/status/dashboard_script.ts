/**
 * The dashboard's script: asks the API every two seconds while the page is seen, and fills it in.
 * What comes from the API is set as text, never as markup: initiators choose their own names.
 */
export const DASHBOARD_SCRIPT = `const POLL_MS = 2000;
const SAMPLES = 60;
const MOST_ROWS = 200;

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const rates = { read: [], written: [] };
const shown = {};
let before;

/** 1536 becomes "1.5 KiB". */
function octets(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; at++; }
  const text = at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1).replace(".0", "");
  return text + " " + units[at];
}

function ago(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (-seconds >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return "just now";
}

function plural(count, noun) {
  return number.format(count) + " " + noun + (count === 1 ? "" : "s");
}

/** An element with a class and what it holds: texts and elements. */
function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

function pill(text, tone) {
  const element = make("span", "pill", text);
  element.dataset.tone = tone;
  return element;
}

function list(items, whenEmpty) {
  if (items.length === 0) return make("span", "quiet", whenEmpty);
  const element = make("ul", "items");
  for (const item of items) element.append(make("li", "", item));
  return element;
}

function setText(id, text) {
  const element = byId(id);
  // Only what changed is written, so that a screen reader is not told the same again.
  if (element.textContent !== text) element.textContent = text;
}

/** Fills a table, or shows what to do where there is nothing to show. */
function fill({ id, cellsOf, listing }, { items, next }) {
  const table = byId(id);
  byId(id + "-more").hidden = next === null;
  setText(id + "-more", "The first " + MOST_ROWS + "; " + listing + " lists all.");
  // Rows that stay the same are left alone, and with them what a reader has selected.
  const key = JSON.stringify(items) + Math.floor(Date.now() / 60000);
  if (shown[id] === key) return;
  shown[id] = key;
  table.parentElement.hidden = items.length === 0;
  byId(id + "-empty").hidden = items.length > 0;
  const rows = items.map((item) => {
    const row = document.createElement("tr");
    for (const [at, cell] of cellsOf(item).entries()) {
      const isNumber = typeof cell === "string";
      const element = make(at === 0 ? "th" : "td", isNumber ? "number" : "", cell);
      if (at === 0) { element.scope = "row"; element.className = ""; }
      row.append(element);
    }
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
}

function named(name, ...details) {
  const element = make("div", "", make("span", "name", name));
  for (const [className, text] of details) {
    if (text) element.append(make("span", "detail " + className, text));
  }
  return element;
}

/** The words and the tone of each state. */
const TARGET_STATES = {
  "logged-in": ["Logged in", "good"],
  idle: ["Idle", "idle"],
  stopped: ["Stopped", "idle"],
};
const DISK_STATES = {
  ready: ["Ready", "good"],
  failed: ["Failed", "bad"],
  stopped: ["Stopped", "idle"],
};

function targetCells(target) {
  const luns = target.luns.map((each) => {
    const text = [each.lun, each.disk, octets(each.size)].join(" · ");
    if (each.state === "failed") return make("span", "why", text + " · failed");
    return each.readOnly ? text + " · read-only" : text;
  });
  // An iSCSI name says by itself what it is.
  const allowed = target.allow.map((id) => make("span", "id", id.replace(/^iqn:/, "")));
  return [
    named(target.name, ["", target.description], ["mono", target.iqn]),
    make("div", "", pill(...TARGET_STATES[target.state]),
      make("span", "detail", target.sessions > 0 ? plural(target.sessions, "session") : "")),
    list(allowed, "nobody"),
    list(luns, "none"),
    octets(target.counters.octetsRead),
    octets(target.counters.octetsWritten),
  ];
}

function diskCells(disk) {
  const places = disk.assignments.map((each) =>
    each.target + " · LUN " + each.lun + (each.readOnly ? " · read-only" : ""));
  if (disk.attached) {
    const mounts = disk.attached.mounts.map((each) => " · " + each).join("");
    places.push("this server · " + (disk.attached.path ?? "by URL") + mounts);
  }
  const state = make("div", "", pill(...DISK_STATES[disk.state]));
  if (disk.failure) state.append(make("span", "detail why", disk.failure));
  return [
    named(disk.name, ["", disk.description], ["mono", disk.path ?? "in memory"]),
    state,
    list(places, "no target"),
    octets(disk.size),
    octets(disk.counters.octetsRead),
    octets(disk.counters.octetsWritten),
  ];
}

const SNAPSHOT_STATES = {
  ready: ["Ready", "good"],
  deleting: ["Being deleted", "idle"],
};
const SCHEDULE_STATES = {
  waiting: ["Waiting", "good"],
  running: ["Running", "good"],
  failed: ["Failed", "bad"],
  stopped: ["Stopped", "idle"],
};

function moment(time, whenNone) {
  if (!time) return make("span", "quiet", whenNone);
  const element = make("time", "", new Date(time).toLocaleString());
  element.dateTime = time;
  return element;
}

function snapshotCells(snapshot) {
  return [
    named(snapshot.name, ["", snapshot.description], ["mono", "of disk " + snapshot.disk]),
    pill(...SNAPSHOT_STATES[snapshot.state]),
    moment(snapshot.takenAt),
    list(snapshot.attached, "nowhere"),
    snapshot.space === null ? "–" : octets(snapshot.space),
  ];
}

function scheduleCells(schedule) {
  const state = make("div", "", pill(...SCHEDULE_STATES[schedule.state]));
  if (schedule.lastRun?.failure) state.append(make("span", "detail why", schedule.lastRun.failure));
  return [
    named(schedule.name, ["", schedule.kind + "s"], ["mono", schedule.directory ?? ""]),
    state,
    list(schedule.disks, "none"),
    named(schedule.cron, ["", schedule.timeZone ?? ""]),
    moment(schedule.nextRun, "never"),
    moment(schedule.lastRun?.startedAt, "not yet"),
  ];
}

function sessionCells(session) {
  // Some initiators give their name as their alias too.
  const alias = session.alias === session.initiator ? "" : session.alias;
  const since = make("time", "", ago(session.since));
  since.dateTime = session.since;
  since.title = new Date(session.since).toLocaleString();
  return [
    named(alias || session.initiator, ["mono", alias && session.initiator],
      ["mono", session.connections.map((each) => each.peer).join(", ")]),
    named(session.target),
    since,
    number.format(session.counters.commands),
    octets(session.counters.octetsRead),
    octets(session.counters.octetsWritten),
  ];
}

/** What the API lists, how a row shows it, and which command lists more of it. */
const TABLES = [
  { id: "targets", cellsOf: targetCells, listing: "sanctl target list" },
  { id: "disks", cellsOf: diskCells, listing: "sanctl disk list" },
  { id: "snapshots", cellsOf: snapshotCells, listing: "sanctl snapshot list" },
  { id: "schedules", cellsOf: scheduleCells, listing: "sanctl snapshot schedule list" },
  { id: "sessions", cellsOf: sessionCells, listing: "sanctl target sessions" },
];

function showRates(status) {
  const now = { atMs: performance.now(), counters: status.counters, startedAt: status.startedAt };
  if (before && before.startedAt === now.startedAt) {
    const seconds = (now.atMs - before.atMs) / 1000;
    for (const [name, key] of [["read", "octetsRead"], ["written", "octetsWritten"]]) {
      const samples = rates[name];
      samples.push(Math.max(0, (now.counters[key] - before.counters[key]) / seconds));
      if (samples.length > SAMPLES) samples.shift();
      setText("tile-" + name, octets(samples.at(-1)) + "/s");
      drawLine(byId("spark-" + name), samples);
    }
  }
  before = now;
}

function drawLine(svg, samples) {
  const top = Math.max(...samples, 1);
  const points = samples.map((value, at) =>
    (100 - (samples.length - 1 - at) * 100 / (SAMPLES - 1)) + "," + (22 - 20 * value / top));
  svg.firstElementChild.setAttribute("points", points.join(" "));
}

function showStatus(status) {
  setText("version", status.version);
  const portals = status.portals.map(({ address, port }) =>
    (address.includes(":") ? "[" + address + "]" : address) + ":" + port);
  setText("where", (portals.length ? "Listening on " + portals.join(", ") : "No portal") +
    (status.startedAt ? " · started " + ago(status.startedAt) : ""));
  setText("tile-targets", number.format(status.targets));
  setText("tile-disks", number.format(status.disks));
  setText("tile-sessions", number.format(status.sessions));
  const count = status.problems.length;
  showHealth(count === 0 ? "All well" : plural(count, "problem"), count === 0 ? "good" : "bad");
  byId("problems").hidden = count === 0;
  byId("problem-list").replaceChildren(...status.problems.map((text) => make("li", "", text)));
  showRates(status);
}

function showHealth(text, tone) {
  setText("health", text);
  byId("health").dataset.tone = tone;
  document.title = tone === "good" ? "sanctl" : text + " – sanctl";
}

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10000) });
  if (!response.ok) throw new Error("HTTP " + response.status);
  return await response.json();
}

async function refresh() {
  try {
    const part = "?limit=" + MOST_ROWS;
    const [status, ...pages] = await Promise.all(
      ["/api/status", ...TABLES.map(({ id }) => "/api/" + id + part)].map(ask));
    showStatus(status);
    for (const [at, table] of TABLES.entries()) fill(table, pages[at]);
    setText("updated", "Updated " + new Date().toLocaleTimeString());
    document.body.classList.remove("stale");
  } catch {
    // What is shown stays, marked as old, and the next turn asks again.
    showHealth("Not reachable", "bad");
    document.body.classList.add("stale");
  }
}

for (;;) {
  if (!document.hidden) await refresh();
  await new Promise((then) => setTimeout(then, POLL_MS));
}
`;
