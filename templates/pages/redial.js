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

// Passkeys: the browser is asked with what the server made, and its answer goes back as an ordinary form.
if (window.PublicKeyCredential && navigator.credentials) {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const credential = async (asked) => {
    asked.challenge = bytes(asked.challenge);
    if (!asked.user) return navigator.credentials.get({ publicKey: asked });
    asked.user.id = bytes(asked.user.id);
    for (const known of asked.excludeCredentials) known.id = bytes(known.id);
    return navigator.credentials.create({ publicKey: asked });
  };
  for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-no-passkeys]")) part.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-failed]");
      failed.hidden = true;
      try {
        const asked = await fetch(form.dataset.passkey, { headers: { accept: "application/json" } });
        if (!asked.ok) throw new Error("not to be had");
        const { id, response } = await credential(await asked.json());
        const given = { id, client_data: text(response.clientDataJSON) };
        if (response.attestationObject) given.attestation = text(response.attestationObject);
        else Object.assign(given, { authenticator: text(response.authenticatorData), signature: text(response.signature) });
        for (const [name, value] of Object.entries(given)) if (form.elements[name]) form.elements[name].value = value;
        form.submit();
      } catch {
        // Its owner said no, or there is none.
        failed.hidden = false;
      }
    });
  }
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
      button.textContent = button.dataset.copied;
    } catch {
      // It can be marked and copied by hand.
    }
  });
}
// A picture is made small enough here, and goes along as a text. Without this it goes as the file that it is.
for (const part of document.querySelectorAll("[data-photo]")) {
  const [file, text] = part.querySelectorAll("input");
  const hint = part.querySelector("[data-made]");
  hint.textContent = hint.dataset.made;
  file.addEventListener("change", async () => {
    const most = 40_000;
    try {
      const picture = await createImageBitmap(file.files[0]);
      const canvas = document.createElement("canvas");
      let made = "";
      for (let size = 320; size >= 80 && (!made || made.length > most); size -= 60) {
        const side = Math.min(picture.width, picture.height);
        canvas.width = canvas.height = Math.min(size, side);
        const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
        canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
        made = canvas.toDataURL("image/jpeg", 0.86);
      }
      text.value = made;
      file.removeAttribute("name");
      file.removeAttribute("aria-invalid");
      for (const shown of document.querySelectorAll("[data-picture]")) [shown.src, shown.hidden] = [made, false];
    } catch {
      text.value = "";
      file.name = "picture";
      file.setAttribute("aria-invalid", "true");
    }
  });
}
// A person is dragged onto a group: that ticks what could be ticked by hand.
for (const drops of document.querySelectorAll("[data-drops]")) {
  drops.hidden = false;
  let held = null;
  for (const person of document.querySelectorAll("[data-person]")) {
    person.draggable = true;
    person.addEventListener("dragstart", (event) => {
      held = person;
      event.dataTransfer.effectAllowed = "link";
      event.dataTransfer.setData("text/plain", person.dataset.person);
      drops.classList.add("open");
    });
    person.addEventListener("dragend", () => drops.classList.remove("open"));
  }
  for (const group of drops.querySelectorAll("[data-group]")) {
    const over = (is) => (event) => {
      if (is) event.preventDefault();
      group.classList.toggle("over", is);
    };
    group.addEventListener("dragenter", over(true));
    group.addEventListener("dragover", over(true));
    group.addEventListener("dragleave", over(false));
    group.addEventListener("drop", (event) => {
      over(false)(event);
      event.preventDefault();
      const box = held?.querySelector(`input[value="${group.dataset.group}"]`);
      if (box) box.checked = true;
    });
  }
}
