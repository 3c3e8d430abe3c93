/** The dashboard's page. What changes is filled in by its script; without it the page says so. */

/** One table of the page, and what stands there while it has no rows. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly empty: string;
  /** What an operator runs next. */
  readonly command: string;
}

const SECTIONS: readonly Section[] = [
  {
    id: "targets",
    title: "Targets",
    columns: ["Target", "State", "Initiators", "LUNs", "Read", "Written"],
    empty: "There is no target yet. Create one on the server:",
    command: "sanctl target create mail --allow iqn.1991-05.com.microsoft:mail1",
  },
  {
    id: "disks",
    title: "Disks",
    columns: ["Disk", "State", "Assigned to", "Size", "Read", "Written"],
    empty: "There is no disk yet. Create one and assign it to a target:",
    command: "sanctl disk create /srv/disks/mail.vhd --size 20G --target mail",
  },
  {
    id: "snapshots",
    title: "Snapshots",
    columns: ["Snapshot", "State", "Taken", "Attached as", "Space"],
    empty: "There is no snapshot yet. Take one of a VHD, or let that be done by itself:",
    command: 'sanctl snapshot schedule add mail --cron "0 * * * *" --keep 24',
  },
  {
    id: "schedules",
    title: "Schedules",
    columns: ["Schedule", "State", "Disks", "Times", "Next run", "Last run"],
    empty: "Nothing is done by itself. To back a disk up every day:",
    command: "sanctl backup schedule add mail /backup --cron @daily --keep-daily 7",
  },
  {
    id: "sessions",
    title: "Sessions",
    columns: ["Initiator", "Target", "Since", "Commands", "Read", "Written"],
    empty: "No initiator is logged in. Which targets there are to log in to:",
    command: "sanctl target list",
  },
];

/** Columns of numbers, which stand to the right. */
const NUMBERS: readonly string[] = ["Size", "Space", "Commands", "Read", "Written"];

function sectionMarkup({ id, title, columns, empty, command }: Section): string {
  return `
  <section aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div id="${id}-empty" class="empty" hidden>
      <p>${empty}</p>
      <pre><code>${command}</code></pre>
    </div>
    <div class="scroll" role="group" aria-labelledby="${id}-title" tabindex="0" hidden>
    <table id="${id}">
      <thead><tr>${columns.map(headingMarkup).join("")}</tr></thead>
      <tbody></tbody>
    </table>
    </div>
    <p id="${id}-more" class="quiet" hidden></p>
  </section>
`;
}

function headingMarkup(heading: string): string {
  const alignment = NUMBERS.includes(heading) ? ' class="number"' : "";
  return `<th scope="col"${alignment}>${heading}</th>`;
}

export const DASHBOARD_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sanctl</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/dashboard.css">
<script src="/dashboard.js" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the overview</a>
<header class="top">
  <div class="bar">
    <h1>sanctl <span id="version" class="quiet"></span></h1>
    <p id="health" class="pill" data-tone="idle" role="status">Loading</p>
  </div>
  <p id="where" class="bar quiet"></p>
</header>
<main id="main" tabindex="-1">
  <noscript><p class="notice">This page needs JavaScript. <a href="/api/status">The status as
  JSON</a> and <a href="/metrics">the metrics</a> do not.</p></noscript>

  <section id="problems" class="problems" aria-labelledby="problems-title" hidden>
    <h2 id="problems-title">Needs attention</h2>
    <ul id="problem-list"></ul>
  </section>

  <section aria-label="At a glance">
    <dl class="tiles">
      <div class="tile"><dt>Targets</dt><dd id="tile-targets">–</dd></div>
      <div class="tile"><dt>Disks</dt><dd id="tile-disks">–</dd></div>
      <div class="tile"><dt>Sessions</dt><dd id="tile-sessions">–</dd></div>
      <div class="tile rate"><dt>Read</dt><dd id="tile-read">–</dd>
        <svg id="spark-read" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
          <polyline points=""/></svg></div>
      <div class="tile rate"><dt>Written</dt><dd id="tile-written">–</dd>
        <svg id="spark-written" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
          <polyline points=""/></svg></div>
    </dl>
  </section>

${SECTIONS.map(sectionMarkup).join("")}</main>
<footer class="bottom quiet">
  <span id="updated"></span>
  <nav aria-label="For programs">
    <a href="/metrics">Metrics</a> <a href="/api/openapi.json">API</a></nav>
</footer>
</body>
</html>
`;
