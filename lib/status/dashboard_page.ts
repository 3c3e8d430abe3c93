/** The dashboard's page. What changes is filled in by its script; without it the page says so. */
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

  <section aria-labelledby="targets-title">
    <h2 id="targets-title">Targets</h2>
    <div id="targets-empty" class="empty" hidden>
      <p>There is no target yet. Create one on the server:</p>
      <pre><code>sanctl target create mail --allow iqn.1991-05.com.microsoft:mail1</code></pre>
    </div>
    <div class="scroll" role="group" aria-labelledby="targets-title" tabindex="0" hidden>
    <table id="targets">
      <thead><tr><th scope="col">Target</th><th scope="col">State</th>
        <th scope="col">Initiators</th><th scope="col">LUNs</th>
        <th scope="col" class="number">Read</th>
        <th scope="col" class="number">Written</th></tr></thead>
      <tbody></tbody>
    </table>
    </div>
  </section>

  <section aria-labelledby="disks-title">
    <h2 id="disks-title">Disks</h2>
    <div id="disks-empty" class="empty" hidden>
      <p>There is no disk yet. Create one and assign it to a target:</p>
      <pre><code>sanctl disk create /srv/disks/mail.vhd --size 20G --target mail</code></pre>
    </div>
    <div class="scroll" role="group" aria-labelledby="disks-title" tabindex="0" hidden>
    <table id="disks">
      <thead><tr><th scope="col">Disk</th><th scope="col">State</th>
        <th scope="col" class="number">Size</th><th scope="col">Assigned to</th>
        <th scope="col" class="number">Read</th>
        <th scope="col" class="number">Written</th></tr></thead>
      <tbody></tbody>
    </table>
    </div>
  </section>

  <section aria-labelledby="sessions-title">
    <h2 id="sessions-title">Sessions</h2>
    <div id="sessions-empty" class="empty" hidden>
      <p>No initiator is logged in. Which targets there are to log in to:</p>
      <pre><code>sanctl target list</code></pre>
    </div>
    <div class="scroll" role="group" aria-labelledby="sessions-title" tabindex="0" hidden>
    <table id="sessions">
      <thead><tr><th scope="col">Initiator</th><th scope="col">Target</th>
        <th scope="col">Since</th><th scope="col" class="number">Commands</th>
        <th scope="col" class="number">Read</th>
        <th scope="col" class="number">Written</th></tr></thead>
      <tbody></tbody>
    </table>
    </div>
    <p id="sessions-more" class="quiet" hidden></p>
  </section>
</main>
<footer class="bottom quiet">
  <span id="updated"></span>
  <nav aria-label="For programs">
    <a href="/metrics">Metrics</a> <a href="/api/openapi.json">API</a></nav>
</footer>
</body>
</html>
`;
