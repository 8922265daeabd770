// Drives the official Telnyx SDK for Node; see README.md.
"use strict";

const { Telnyx } = require("telnyx");

const message = ({ data }) => ({
  id: data.id,
  to: data.to[0].phone_number,
  carrier: data.to[0].carrier,
  cost: data.cost?.amount ?? null,
  from: data.from?.phone_number ?? null,
  text: data.text,
  webhook: data.webhook_url ?? null,
});

async function run(client, command, done) {
  const given = (value) => (value.startsWith("$") ? done[Number(value.slice(1))].id : value);
  switch (command.do) {
    case "send":
      return message(
        await client.messages.send({
          to: command.to,
          from: command.from,
          text: command.text,
          media_urls: command.media,
          webhook_url: command.callback,
        }),
      );
    case "fetch":
      return message(await client.messages.retrieve(given(command.id)));
    case "call": {
      const { data } = await client.calls.dial({
        connection_id: "1",
        to: command.to,
        from: command.from,
        webhook_url: command.callback,
      });
      return { id: data.call_control_id, session: data.call_session_id };
    }
    case "texml": {
      const found = await client.texml.accounts.calls.calls(command.account, {
        body: {
          To: command.to,
          From: command.from,
          Url: command.url,
          ApplicationSid: "1",
          StatusCallback: command.callback,
        },
      });
      return { id: found.call_sid, to: found.to, from: found.from };
    }
    case "validate":
      await client.webhooks.unwrap(command.body, { headers: command.headers });
      return true;
    default:
      throw new Error(`unknown command ${command.do}`);
  }
}

async function main() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const given = JSON.parse(text);
  const client = new Telnyx({
    apiKey: given.secret,
    publicKey: given.public_key,
    baseURL: `${given.base}/v2`,
    maxRetries: 0,
    timeout: 20000,
  });
  const done = [];
  for (const command of given.commands) {
    try {
      done.push(await run(client, command, done));
    } catch (error) {
      done.push({ error: error.status ? { status: error.status, body: error.error } : { kind: error.name } });
    }
  }
  process.stdout.write(JSON.stringify(done));
}

main();
