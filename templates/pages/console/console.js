"use strict";
// Brings the overview up to date every ten seconds, while it can be seen.
const live = document.getElementById("live");
let failed = 0;

async function refresh() {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const answer = await fetch("/console/live", { credentials: "same-origin" });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    live.innerHTML = await answer.text();
    failed = 0;
  } catch (error) {
    failed += 1;
    const state = document.getElementById("state");
    if (failed === 2 && state) state.textContent += " It does not answer at the moment.";
  }
}

setInterval(refresh, 10000);
document.addEventListener("visibilitychange", refresh);
