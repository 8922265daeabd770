// Carries out a list of commands with an SDK; see README.md.
"use strict";

// `connect(given)` makes the client, `run(client, command)` a result; `told(error)` is what a sender's program would see.
async function carryOut(connect, run, told) {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const given = JSON.parse(text);
  const client = connect(given);
  const done = [];
  for (const command of given.commands) {
    if (typeof command.id === "string" && command.id.startsWith("$")) {
      command.id = done[Number(command.id.slice(1))].id;
    }
    try {
      done.push(await run(client, command));
    } catch (error) {
      done.push({ error: told(error) });
    }
  }
  process.stdout.write(JSON.stringify(done));
}

module.exports = { carryOut };
