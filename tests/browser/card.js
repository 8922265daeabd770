"use strict";
// A recipient opens the page behind their link, saves the card, chooses how and in which language they hear of changes, stops it
// and starts it again; in languages of both directions, and once without a script.
const assert = require("node:assert/strict");
const fs = require("node:fs/promises");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given: { link, words } }) => {
  const usual = { stops: 0, first: null, language: "" };
  const page = await open();
  const kept = async (expected, why) => assert.deepEqual(await ask("kept"), { ...usual, ...expected }, why);
  const on = (text) => page.locator("summary", { hasText: text }).click();
  const looks = async (name) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
    for (const [width, height, colorScheme] of [[390, 844, "light"], [390, 844, "dark"], [1280, 900, "light"], [1280, 900, "dark"]]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await accessible(page, `card-${name}-${width}-${colorScheme}`);
    }
  };

  const scanners = [{}, { purpose: "prefetch" }, { "sec-purpose": "prefetch;prerender" }, { "user-agent": "Mozilla/5.0 (compatible; MailScanner)" }];
  for (const path of ["", "/stop", ".vcf"]) {
    for (const method of ["HEAD", "GET"]) {
      for (const headers of scanners) {
        const answer = await page.request.fetch(link + path, { method, headers });
        assert.equal(answer.status(), 200, `${method} ${path}`);
      }
    }
    // Nor does one that follows what it finds, or tries what it should not.
    for (const [tail, method] of [["?stop=owner", "GET"], ["?List-Unsubscribe=One-Click", "GET"], ["", "OPTIONS"], ["", "PUT"], ["", "DELETE"]]) {
      await page.request.fetch(link + path + tail, { method });
    }
  }
  await page.goto(`${link}/stop`);
  await page.goto(link);
  await kept({}, "a scanner's look changes nothing");
  await page.getByRole("heading", { name: "Ann Lee" }).waitFor();
  assert.ok(await page.getByText("+1 415-555-0123").isVisible());
  assert.deepEqual(await page.context().cookies(), []);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save to contacts" }).click()]);
  assert.equal(file.suggestedFilename(), "Ann-Lee.vcf");
  const card = await fs.readFile(await file.path(), "utf8");
  assert.deepEqual(await ask("card", card), { fn: "Ann Lee", tel: ["+14155550123", "+14155550177"], email: [] }, "as another library reads it");
  assert.match(card, /^BEGIN:VCARD\r\nVERSION:3\.0\r\n[^]*\r\nFN:Ann Lee\r\n[^]*\+14155550123[^]*\r\nEND:VCARD\r\n$/);

  // What is chosen stays open, so each language is chosen on the page in the one before.
  await on("How you hear of changes");
  for (const [tag, direction] of [["en", "ltr"], ["ar", "rtl"], ["zh", "ltr"], ["de", "ltr"]]) {
    await page.locator("input[name=channel][value=sms]").check();
    await page.locator("select[name=language]").selectOption(tag);
    await page.locator("form:has(select) button").click();
    await page.locator(`html[lang=${tag}][dir=${direction}]`).waitFor();
    await page.getByRole("status").waitFor();
    await kept({ first: "sms", language: tag });
    await looks(tag);
    const [head, face] = [await page.locator("header h1").boundingBox(), await page.locator("header .face").boundingBox()];
    assert.equal(head.x > face.x, direction === "ltr", `${tag}: the face stands where lines begin`);
  }
  assert.equal(await page.locator("button[name=stop][value=owner]").innerText(), words.de.stop, "a name stands in the line of its words");
  await page.getByRole("button", { name: words.de.stop, exact: true }).click();
  await page.getByText(words.de.stopped).first().waitFor();
  await kept({ stops: 1, first: "sms", language: "de" });
  await page.goto(link);
  await page.getByRole("button", { name: words.de.start, exact: true }).waitFor();
  await kept({ stops: 1, first: "sms", language: "de" }, "opening starts nothing");
  await page.getByRole("button", { name: words.de.start, exact: true }).click();
  await page.getByRole("status").waitFor();
  await kept({ first: "sms", language: "de" });

  const plain = await open({ width: 390, script: false });
  await plain.goto(link);
  await plain.locator("details:has(select) > summary").click();
  await plain.locator("input[name=channel][value=usual]").check();
  await plain.locator("select[name=language]").selectOption("ar");
  await plain.locator("form:has(select) button").click();
  await plain.locator("html[dir=rtl]").waitFor();
  await kept({ language: "ar" }, "without a script");
  await plain.locator("details:has(button[name=stop]) > summary").click();
  await plain.locator("button[name=stop][value=all]").click();
  await plain.locator("button[name=start][value=all]").click();
  await plain.getByRole("status").waitFor();
  await kept({ language: "ar" });

  await page.goto(`${link}/stop`);
  await page.locator("html[lang=ar][dir=rtl]").waitFor();
  await looks("stop-ar");
  await page.locator("button[name=stop][value=owner]").click();
  await page.locator("button[name=start]").waitFor();
  await kept({ stops: 1, language: "ar" });
  await page.goto(`${base}/c/${"0".repeat(32)}`);
  await looks("gone-en");
  const nothing = await page.locator("main").innerText();

  // An old link shows no more than one that there never was; but it still stops messages.
  await ask("expired");
  for (const path of ["", ".vcf"]) {
    const answer = await page.goto(link + path);
    assert.equal(answer.status(), 404, path);
    assert.equal(await page.locator("main").innerText(), nothing, "the same page");
  }
  assert.ok(!(await page.content()).includes("Ann"));
  await page.goto(`${link}/stop`);
  await page.locator("button[name=stop][value=owner]").click();
  await page.locator("button[name=start]").waitFor();
  await kept({ stops: 1, language: "ar" }, "an old link stops");
});
