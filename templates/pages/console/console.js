"use strict";
// Brings the overview up to date every ten seconds while it can be seen, and reads the plots out under the pointer.
const live = document.getElementById("live");
const pause = document.createElement("button");
let failed = 0;
let paused = false;

pause.className = "quiet";
pause.textContent = "Pause";
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  if (!paused) refresh();
});

function placePause() {
  document.getElementById("state")?.append(" ", pause);
}

// What had the focus has it again after the page was exchanged below it.
function focused() {
  const now = document.activeElement;
  if (!live.contains(now)) return () => {};
  if (now === pause) return () => pause.focus();
  const link = now.getAttribute("href");
  return () => link && live.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus();
}

async function refresh() {
  if (document.hidden || paused || live.querySelector(".reading")) return;
  try {
    const answer = await fetch("/console/live" + location.search, { credentials: "same-origin" });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const again = focused();
    live.innerHTML = await answer.text();
    placePause();
    again();
    failed = 0;
  } catch {
    failed += 1;
    if (failed === 2) document.getElementById("state").prepend("It does not answer at the moment. ");
  }
}

// The value of each line at the time under the pointer.
function read(event) {
  const score = event.target.closest?.(".score");
  const plot = score?.querySelector(".strip .plot")?.getBoundingClientRect();
  for (const other of live.querySelectorAll(".score.reading")) if (!plot || event.clientX < plot.left || event.clientX >= plot.right) still(other);
  if (!plot || event.clientX < plot.left || event.clientX >= plot.right) return;
  const strips = [...score.querySelectorAll(".strip")];
  const count = strips[0].dataset.points.split(",").length;
  const at = Math.floor(((event.clientX - plot.left) / plot.width) * count);
  const span = score.dataset.per * 60000;
  const begins = new Date(Date.parse(score.dataset.first) + at * span);
  let cursor = score.querySelector(".cursor");
  if (!cursor) {
    cursor = document.createElement("div");
    cursor.append(document.createElement("span"));
    score.append(cursor);
  }
  cursor.className = at > count / 2 ? "cursor left" : "cursor";
  cursor.style.left = `${plot.left - score.getBoundingClientRect().left + ((at + 0.5) / count) * plot.width}px`;
  cursor.firstChild.textContent = begins.toISOString().slice(span > 900000 ? 5 : 11, 16).replace("T", " ");
  for (const strip of strips) strip.querySelector(".at").textContent = strip.dataset.points.split(",")[at];
  score.classList.add("reading");
}

function still(score) {
  score.classList.remove("reading");
  score.querySelector(".cursor")?.remove();
}

live.addEventListener("pointermove", read);
live.addEventListener("pointerleave", () => live.querySelectorAll(".score.reading").forEach(still));
placePause();
setInterval(refresh, 10000);
document.addEventListener("visibilitychange", refresh);
