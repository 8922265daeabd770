"use strict";
// An operator sees numbers move, is told what is wrong, replays what was given up; another one may only look; and all of it
// without a script too.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

async function signIn(page, base, name, password) {
  await page.goto(`${base}/console`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

const total = (page, name) => page.locator(".strip", { hasText: name }).locator(".total");

journey(async ({ base, open, ask, accessible, given }) => {
  const ann = await open();
  await ann.clock.install();
  await signIn(ann, base, "ann", given.password);
  await ann.getByRole("heading", { name: "One thing wants attention." }).waitFor();
  await ann.getByText("main has sent all of its 10 messages to US today").waitFor();
  assert.equal(await total(ann, "rang at the new number").innerText(), "0");

  // Trouble, and a call that goes elsewhere: the page follows by itself.
  const notice = await ask("trouble");
  await ask("call");
  await ann.clock.runFor(10_000);
  await ann.getByRole("heading", { name: "5 things want attention." }).waitFor();
  await total(ann, "rang at the new number").filter({ hasText: "1" }).waitFor();
  await ann.getByText("left alone since").waitFor();

  // Plots of what happened, by verdict, kind and state; who answers how; which step is slow; what is wrong with the file.
  for (const heading of ["What happened", "Accounts", "Where the time goes", "Given up", "Unchanged by fault", "Refused requests", "Configuration"]) {
    await ann.getByRole("heading", { name: heading, exact: true }).waitFor();
  }
  for (const line of ["moved", "current", "no result", "calls", "messages", "sent", "given up", "too slow"]) {
    await ann.getByRole("img", { name: new RegExp(`^${line}: \\d+ in the last hour`) }).waitFor();
  }
  await ann.getByRole("img", { name: /^main: \d+ attempts answered and \d+ not/ }).waitFor();
  await ann.getByRole("img", { name: /^The substitution, durable: half within/ }).waitFor();
  await ann.locator("section", { has: ann.locator("#reloads") }).getByText("unknown field `litsen`").waitFor();

  // It stands still while somebody reads.
  await ann.getByRole("button", { name: "Pause" }).click();
  await ask("call");
  await ann.clock.runFor(30_000);
  assert.equal(await total(ann, "rang at the new number").innerText(), "1");
  await ann.getByRole("button", { name: "Go on" }).click();
  await total(ann, "rang at the new number").filter({ hasText: "2" }).waitFor();

  // The values under the pointer.
  const plot = await ann.locator(".strip .plot").first().boundingBox();
  await ann.mouse.move(plot.x + plot.width - 2, plot.y + 5);
  await ann.locator(".cursor span").waitFor();
  const at = ann.locator(".strip", { hasText: "rang at the new number" }).locator(".at");
  assert.equal(await at.innerText(), "2");
  await ann.mouse.move(5, 5);
  await ann.locator(".cursor").waitFor({ state: "detached" });

  // With the keyboard: the first stop leads past the navigation.
  await ann.goto(`${base}/console?range=6h`);
  await ann.keyboard.press("Tab");
  assert.equal(await ann.evaluate(() => document.activeElement.textContent), "To the page");
  await ann.getByRole("link", { name: "6h" }).and(ann.locator("[aria-current]")).waitFor();

  for (const [width, dark] of [[390, false], [390, true], [1280, false], [1280, true]]) {
    const page = await open({ width, dark });
    const look = `${width}-${dark ? "dark" : "light"}`;
    await signIn(page, base, "ann", given.password);
    await accessible(page, `console-overview-${look}`);
    await page.getByRole("link", { name: "1 notice was given up." }).click();
    await page.getByRole("heading", { name: "Notices" }).waitFor();
    await accessible(page, `console-notices-${look}`);
    await page.getByRole("link", { name: notice }).click();
    await page.getByRole("button", { name: "Try once more" }).waitFor();
    await accessible(page, `console-explain-${look}`);
    // The provider's own id of the call leads to what became of it.
    await page.getByRole("link", { name: "Explain" }).click();
    await page.getByLabel("Id of a query").fill("CA1");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("call over account main").waitFor();
    await accessible(page, `console-explain-call-${look}`);
    await page.getByRole("link", { name: "Search" }).click();
    await page.getByLabel("Number or e-mail address").fill(given.number);
    await page.keyboard.press("Enter");
    await page.getByText("had it").waitFor();
    assert.ok(!(await page.content()).includes(given.number), "no number is shown");
    await accessible(page, `console-search-${look}`);
    await page.getByRole("link", { name: "Trail" }).click();
    await page.getByText("searched for").first().waitFor();
    await accessible(page, `console-trail-${look}`);
    await page.context().close();
  }

  // Who may look may not act, whatever their browser sends; and no other page can send in their name.
  const bob = await open();
  await signIn(bob, base, "bob", given.password);
  await bob.goto(`${base}/console/notices`);
  await bob.getByRole("link", { name: notice }).waitFor();
  assert.equal(await bob.getByRole("button", { name: "Replay" }).count(), 0);
  const form = await bob.locator("input[name=form]").first().inputValue();
  const replay = (fields) =>
    bob.evaluate(async (body) => (await fetch("/console/replay", { method: "POST", body: new URLSearchParams(body) })).status, fields);
  assert.equal(await replay({ form, id: notice }), 403, "to look is not to act");
  const elsewhere = await ann.context().newPage();
  await elsewhere.setContent(`<form method=post action="${base}/console/replay"><input name=id value="${notice}"><button>Win a prize</button></form>`);
  await elsewhere.getByRole("button").click();
  await elsewhere.getByText("This form came from another site.").waitFor();
  await elsewhere.goto(`${base}/console/notices`);
  const marked = await elsewhere.evaluate(async (id) => (await fetch("/console/replay", { method: "POST", body: new URLSearchParams({ id, form: "guessed" }) })).status, notice);
  assert.equal(marked, 403, "without the session's mark");

  // Without a script: the same page, the same forms.
  const plain = await open({ width: 390, script: false });
  await signIn(plain, base, "ann", given.password);
  await plain.getByText("of 500").waitFor();
  assert.equal(await total(plain, "rang at the new number").innerText(), "2");
  await plain.goto(`${base}/console/notices`);
  await plain.getByRole("button", { name: `Replay ${notice}` }).click();
  await plain.getByText("replay of " + notice).waitFor();
  await plain.goto(`${base}/console/notices`);
  await plain.getByRole("status").getByText("None.").waitFor();
  await ann.goto(`${base}/console`);
  await ann.getByRole("heading", { name: "4 things want attention." }).waitFor();
});
