"""Drives the official Telnyx SDK for Python; see README.md."""

import telnyx
from commands import carry_out, optional


def message(answer):
    found = answer.data
    return {
        "id": found.id,
        "to": found.to[0].phone_number,
        "carrier": found.to[0].carrier,
        "cost": found.cost.amount if found.cost else None,
        "from": found.from_.phone_number if found.from_ else None,
        "text": found.text,
        "webhook": getattr(found, "webhook_url", None),
    }


def run(client, command):
    match command["do"]:
        case "send":
            return message(
                client.messages.send(
                    to=command["to"],
                    from_=command["from"],
                    **optional(command, text="text", webhook_url="callback", media_urls="media"),
                )
            )
        case "fetch":
            return message(client.messages.retrieve(command["id"]))
        case "call":
            found = client.calls.dial(
                connection_id="1", to=command["to"], from_=command["from"], **optional(command, webhook_url="callback")
            ).data
            return {"id": found.call_control_id, "session": found.call_session_id}
        case "texml":
            found = client.texml.accounts.calls.calls(
                command["account"],
                # This SDK sends the names of a TeXML body as they are given.
                body={
                    "To": command["to"],
                    "From": command["from"],
                    "Url": command["url"],
                    "ApplicationSid": "1",
                    **optional(command, StatusCallback="callback"),
                },
            )
            return {"id": found.call_sid, "to": found.to, "from": found.from_}
        case "validate":
            client.webhooks.unwrap(command["body"], headers=command["headers"])
            return True


def connect(given):
    return telnyx.Telnyx(
        api_key=given["secret"],
        public_key=given.get("public_key"),
        base_url=given["base"] + "/v2",
        max_retries=0,
        timeout=20,
    )


def told(error):
    if isinstance(error, telnyx.APIStatusError):
        body = error.body if isinstance(error.body, (dict, list)) else str(error.body)
        return {"status": error.status_code, "body": body}
    return {"kind": type(error).__name__}


carry_out(connect, run, told)
