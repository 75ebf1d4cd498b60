// Runs before the first paint, so that a page never flashes in the other colours.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("chatops.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is switched off: the system's choice it is.
  }
  try {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && !document.cookie.includes(`chatops_zone=${zone}`)) {
      document.cookie = `chatops_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
    }
  } catch {
    // Times stay in UTC, and say so on hover.
  }
})();
