"""The SMSC behind Jasmin: an SMPP server of the library `smpp.twisted`.

Prints its port, then each text that it takes, and reports each as delivered. A line of JSON on its input, with `from`,
`to` and `text`, is a message from a person: in the default alphabet, or with `chunks` in UCS-2, in so many parts, of
which the last one goes first.
"""

import itertools
import json
import logging
import sys

import messaging.sms.gsm0338  # noqa: F401: the codec of the default alphabet
from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
    RegisteredDeliveryReceipt,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineOnlyReceiver
from zope.interface import implementer

USER, PASSWORD = "jasmin", "test"
ids = itertools.count(1)
references = itertools.count(1)


def say(**what):
    print(json.dumps(what), flush=True)


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar, mind, *interfaces):
        return interfaces[0], avatar, lambda: None


def is_unicode(coding):
    return coding is not None and coding.schemeData == DataCodingDefault.UCS2


def deliver(protocol, source, target, content, kind=EsmClassType.DEFAULT, features=(), coding=None):
    coding = coding or DataCodingDefault.SMSC_DEFAULT_ALPHABET
    return protocol.sendDataRequest(
        DeliverSM(
            source_addr_ton=AddrTon.INTERNATIONAL,
            source_addr_npi=AddrNpi.ISDN,
            source_addr=source,
            dest_addr_ton=AddrTon.INTERNATIONAL,
            dest_addr_npi=AddrNpi.ISDN,
            destination_addr=target,
            esm_class=EsmClass(EsmClassMode.DEFAULT, kind, list(features)),
            data_coding=DataCoding(schemeData=coding),
            short_message=content,
        )
    )


def report(protocol, number, source, target):
    text = f"id:{number} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:"
    deliver(protocol, target, source, text.encode(), EsmClassType.SMSC_DELIVERY_RECEIPT)


def take(system, protocol, pdu):
    values = pdu.params
    content = values["short_message"]
    if EsmClassGsmFeatures.UDHI_INDICATOR_SET in values["esm_class"].gsmFeatures:
        content = content[content[0] + 1 :]
    text = content.decode("utf-16-be" if is_unicode(values["data_coding"]) else "gsm0338")
    source, target = values["source_addr"], values["destination_addr"]
    say(source=source.decode(), target=target.decode(), text=text)
    number = str(next(ids))
    if values["registered_delivery"].receipt != RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED:
        reactor.callLater(0.05, report, protocol, number, source, target)
    return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=number)


class Input(LineOnlyReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        wanted = json.loads(line)
        protocol = factory.getBoundConnections(USER).getNextBindingForDelivery()
        source, target = wanted["from"].encode(), wanted["to"].encode()
        chunks = wanted.get("chunks", 1)
        if chunks == 1:
            deliver(protocol, source, target, wanted["text"].encode("gsm0338"))
            return
        text = wanted["text"].encode("utf-16-be")
        size = -(-len(text) // (2 * chunks)) * 2
        reference = next(references)
        for at in reversed(range(chunks)):
            head = bytes([5, 0, 3, reference, chunks, at + 1])
            part = head + text[at * size : (at + 1) * size]
            features = (EsmClassGsmFeatures.UDHI_INDICATOR_SET,)
            deliver(protocol, source, target, part, features=features, coding=DataCodingDefault.UCS2)

    def connectionLost(self, reason=None):
        reactor.stop()


logging.basicConfig(stream=sys.stderr, level=logging.INFO)
users = InMemoryUsernamePasswordDatabaseDontUse()
users.addUser(USER, PASSWORD)
config = SMPPServerConfig(msgHandler=take, systems={USER: {"max_bindings": 1}})
factory = SMPPServerFactory(config, Portal(Realm(), [users]))
port = reactor.listenTCP(0, factory, interface="127.0.0.1")
stdio.StandardIO(Input())
say(port=port.getHost().port)
reactor.run()
