// Drives the official SDKs for Node of SignalWire and Infobip; see README.md.
"use strict";

const { carryOut } = require("./commands.js");

function signalwire(given) {
  const { RestClient } = require("@signalwire/compatibility-api");
  // The documented way to another host than one that asks for TLS: an HTTP client of one's own.
  class Rebased extends RestClient.RequestClient {
    request(options) {
      return super.request({ ...options, uri: options.uri.replace("https://acme.signalwire.com", given.base) });
    }
  }
  const client = RestClient(given.user, given.secret, {
    signalwireSpaceUrl: "acme.signalwire.com",
    httpClient: new Rebased(),
  });
  const shown = (found) => ({ id: found.sid, to: found.to, price: found.price });
  return {
    send: async ({ to, from, text, callback }) =>
      shown(await client.messages.create({ to, from, body: text, statusCallback: callback })),
    fetch: async ({ id }) => shown(await client.messages(id).fetch()),
    list: async () => (await client.messages.list({ limit: 20 })).map(shown),
    call: async ({ to, from, url }) => shown(await client.calls.create({ to, from, url })),
    validate: async ({ headers, url, params }) =>
      RestClient.validateRequest(given.secret, headers["x-signalwire-signature"], url, params),
  };
}

function infobip(given) {
  const { Infobip, AuthType } = require("@infobip-api/sdk");
  const { sms } = new Infobip({ baseUrl: given.base, apiKey: given.secret, authType: AuthType.ApiKey }).channels;
  // This SDK returns what went wrong.
  const data = (answer) => {
    if (answer instanceof Error) throw answer;
    return answer.data;
  };
  const shown = (found) => ({ id: found.messageId, to: found.to, price: found.price });
  return {
    send: async ({ to, from, text, callback }) => {
      const message = { from, destinations: [{ to }], text, notifyUrl: callback };
      return shown(data(await sms.send({ type: "text", messages: [message] })).messages[0]);
    },
    list: async ({ to }) => data(await sms.logs.get({ to })).results.map(shown),
  };
}

const connect = (given) => ({ signalwire, infobip })[given.sdk](given);

const told = (error) => ({ kind: error.name, status: error.status || error.response?.status, text: error.message });

carryOut(connect, (client, command) => client[command.do](command), told);
