"use strict";
// What makes the pages better and what they do without: a countdown that runs, and a part that stays up to date.
for (const clock of document.querySelectorAll("[data-rest]")) {
  // How long it is from now: the clocks of browsers differ.
  const until = Date.now() + Number(clock.dataset.rest) * 1000, whole = Number(clock.dataset.whole) * 1000;
  const shown = clock.querySelector("time"), left = clock.querySelector(".left");
  const two = (n) => String(n).padStart(2, "0");
  const tick = () => {
    const rest = Math.max(0, until - Date.now());
    const seconds = Math.ceil(rest / 1000);
    shown.textContent = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    if (left && whole) left.setAttribute("stroke-dashoffset", String(100 - (100 * rest) / whole));
    if (rest > 0) setTimeout(tick, 1000);
    else setTimeout(() => location.reload(), 3000);
  };
  tick();
}
for (const part of document.querySelectorAll("[data-live]")) {
  const again = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(part.id);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
        if (fresh && !fresh.hasAttribute("data-live")) return;
      } catch {
        // The next time may do.
      }
    }
    setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
}
