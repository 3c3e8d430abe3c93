/** The dashboard's looks, in light and dark; all text keeps a contrast of 4.5 to 1 or more. */
export const DASHBOARD_STYLE = `:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --surface: #ffffff; --line: #dfe3e8; --text: #17202b; --quiet: #566373;
  --accent: #1d5fa8; --good: #146c3c; --good-ground: #dff3e6; --bad: #a3201d; --bad-ground: #fbe4e2;
  --idle: #475467; --idle-ground: #e9edf2; --written: #8a4b08;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141a; --surface: #171e26; --line: #2a343f; --text: #e6ebf0; --quiet: #9aa8b6;
    --accent: #78b4f0; --good: #7fd8a4; --good-ground: #14331f; --bad: #ff9d96;
    --bad-ground: #421a18; --idle: #b4c0cc; --idle-ground: #26303b; --written: #e8b06a;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body { margin: 0; background: var(--ground); color: var(--text); font-size: .9375rem; }
header.top, main, footer.bottom { max-width: 75rem; margin: 0 auto; padding: 0 1.5rem; }
header.top { padding-top: 2rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 0; }
.bar > h1 { flex: 1; }
h1 { font-size: 1.5rem; line-height: 1.2; letter-spacing: -.015em; margin: 0; font-weight: 650; }
h1 .quiet { font-size: .875rem; font-weight: 400; letter-spacing: 0; }
h2 { font-size: 1.0625rem; font-weight: 620; margin: 2.25rem 0 .75rem; }
.quiet { color: var(--quiet); }
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 1; }

.pill { display: inline-block; margin: 0; padding: .125rem .625rem; border-radius: 1rem;
  font-size: .8125rem; font-weight: 560; white-space: nowrap;
  color: var(--idle); background: var(--idle-ground); }
.pill[data-tone="good"] { color: var(--good); background: var(--good-ground); }
.pill[data-tone="bad"] { color: var(--bad); background: var(--bad-ground); }
#health { font-size: .9375rem; padding: .25rem .875rem; }

.tiles { display: grid; gap: .75rem; margin: 1.5rem 0 0;
  grid-template-columns: repeat(3, minmax(6.5rem, 1fr)) repeat(2, minmax(10rem, 2fr)); }
.tile { position: relative; overflow: hidden; background: var(--surface);
  border: 1px solid var(--line); border-radius: .625rem; padding: .75rem 1rem;
  min-height: 5.25rem; }
.tile dt { color: var(--quiet); font-size: .8125rem; }
.tile dd { margin: 0; font-size: 1.625rem; line-height: 1.3; font-weight: 600;
  letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.rate dd { font-size: 1.25rem; line-height: 1.7; }
.rate svg { position: absolute; inset: auto 0 0; width: 100%; height: 1.5rem; }
.rate polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round;
  vector-effect: non-scaling-stroke; }
#spark-written polyline { stroke: var(--written); }

.problems { background: var(--bad-ground); color: var(--bad); border-radius: .625rem;
  padding: .75rem 1.25rem; margin-top: 1.5rem; }
.problems h2 { margin: 0 0 .25rem; font-size: 1rem; }
.problems ul { margin: 0; padding-left: 1.25rem; overflow-wrap: anywhere; }
.notice { margin-top: 1.5rem; }

.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line);
  border-radius: .625rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .625rem 1rem; vertical-align: top; }
th { font-size: .8125rem; font-weight: 560; color: var(--quiet); white-space: nowrap; }
tbody th { font-size: inherit; font-weight: 400; color: var(--text); white-space: normal;
  min-width: 14rem; }
tbody tr { border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.detail { display: block; color: var(--quiet); font-size: .8125rem; overflow-wrap: anywhere; }
.mono { font-family: var(--mono); font-size: .78125rem; }
.why { color: var(--bad); }
.detail.why { min-width: 14rem; }
time { white-space: nowrap; }
.items { list-style: none; margin: 0; padding: 0; }
.items li { white-space: nowrap; }
.id { font-family: var(--mono); font-size: .8125rem; line-height: 1.75; }

.empty { background: var(--surface); border: 1px dashed var(--line); border-radius: .625rem;
  padding: 1rem 1.25rem; }
.empty p { margin: 0 0 .5rem; color: var(--quiet); }
.empty pre { margin: 0; overflow-x: auto; }
code { font-family: var(--mono); font-size: .84375rem; }
footer.bottom { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1.5rem;
  padding-top: 2rem; padding-bottom: 2.5rem; font-size: .8125rem; }
footer nav a + a { margin-left: 1rem; }
body.stale main { opacity: .55; }
[hidden] { display: none !important; }

@media (max-width: 52rem) {
  header.top, main, footer.bottom { padding-left: 1rem; padding-right: 1rem; }
  .tiles { grid-template-columns: repeat(6, 1fr); }
  .tile { grid-column: span 2; }
  .tile.rate { grid-column: span 3; }
}
@media (prefers-reduced-motion: no-preference) { body.stale main { transition: opacity .3s; } }
`;
