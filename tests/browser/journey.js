"use strict";
// Runs one journey. What it asks goes to the test as a line of JSON on standard output, and comes back as one on standard input.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

// By browser profile, whether its pages run scripts.
const scripted = new WeakMap();
// So long may a journey take, or it hangs; above what any takes on a slow and busy machine.
const MOST_MINUTES = 10;

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function heard() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test ended first");
  return JSON.parse(value);
}

async function ask(what, of = null) {
  process.stdout.write(JSON.stringify({ ask: what, of }) + "\n");
  return heard();
}

// Rules of WCAG 2.2 AA, and what axe calls best practice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function accessible(page, name) {
  // Where scripts are switched off, evaluate() never returns.
  if (!scripted.get(page.context())) throw new Error(`axe cannot look at ${name}: this page was opened without a script; open another one with it`);
  // What is waited for can be there before the style is.
  await page.waitForLoadState("load");
  // In a window as high as the page nothing lies under what sticks to its edge; how far it is scrolled is chance.
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
  const folder = process.env.REDIAL_TEST_SCREENSHOTS;
  if (folder) await page.screenshot({ path: path.join(folder, name + ".png"), fullPage: true });
  await page.evaluate(axe.source);
  const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), RULES);
  const told = found.violations.map((one) => `${one.id}: ${one.help}\n  ` + one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join("\n  "));
  assert.equal(told.join("\n"), "", `axe on ${name}`);
  await page.setViewportSize(size);
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${name} is ${wide} wide in a window of ${window}`);
}

async function run(travel) {
  const { base, ...given } = await heard();
  const browser = await chromium.launch({
    executablePath: process.env.REDIAL_TEST_CHROMIUM,
    // Names lead nowhere, so that nothing can leave this machine even where a page wanted it.
    args: ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"].concat(process.getuid() === 0 ? ["--no-sandbox"] : []),
  });
  const wrong = [];
  async function open({ width = 1280, dark = false, script = true, locale = "en" } = {}) {
    const context = await browser.newContext({
      viewport: { width, height: width < 600 ? 844 : 900 },
      colorScheme: dark ? "dark" : "light",
      javaScriptEnabled: script,
      reducedMotion: "reduce",
      locale,
    });
    scripted.set(context, script);
    context.setDefaultTimeout(20_000);
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== base && protocol !== "data:" && protocol !== "blob:") wrong.push(`a request left for ${request.url()}`);
    });
    context.on("weberror", (error) => wrong.push(`a script failed: ${error.error()}`));
    const page = await context.newPage();
    page.on("console", (said) => {
      // A refused form is said here too, and is what a journey may be about.
      if (said.type() === "error" && !said.text().startsWith("Failed to load resource")) wrong.push(said.text());
    });
    return page;
  }
  try {
    await travel({ base, open, ask, accessible, given });
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
  }
}

/// Does what a journey says, and ends the program with how it went.
function journey(travel) {
  setTimeout(() => {
    fs.writeSync(2, `the journey is not over after ${MOST_MINUTES} minutes\n`);
    process.exit(1);
  }, MOST_MINUTES * 60_000).unref();
  run(travel).then(
    () => process.exit(0),
    (error) => {
      fs.writeSync(2, `${error.stack ?? error}\n`);
      process.exit(1);
    },
  );
}

module.exports = { journey };
