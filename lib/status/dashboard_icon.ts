/** The icon that a browser shows in its tab: three disks, one of them at work. */
export const DASHBOARD_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#1d4f8c"/>
<g fill="#fff"><rect x="7" y="8" width="18" height="4" rx="2"/>
<rect x="7" y="14" width="18" height="4" rx="2"/>
<rect x="7" y="20" width="18" height="4" rx="2"/></g>
<circle cx="22" cy="22" r="1.4" fill="#1d4f8c"/></svg>
`;
