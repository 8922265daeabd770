"""The corpus: 100,000 fields as people and providers fill them, each with a default region or none.

Made from the example numbers of every kind in 40 regions, in many spellings, right and wrong; the same on every
machine, for nothing here is drawn from anything but the sequence of `Draw`.
"""

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

REGIONS = (
    "US CA JM MX BR AR CL CO GB JE IE FR DE IT ES PT NL CH PL SE FI GR RU KZ UA TR IL SA EG ZA NG IN CN HK JP KR AU NZ "
    "SG FO"
).split()
ROWS = 100_000
KINDS = (
    "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail".split()
)
KEYPAD = {"2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ"}


class Draw:
    """A sequence that looks drawn: a 64-bit linear congruential generator, upper half."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def one(self, items):
        return items[self.below(len(items))]

    def digits(self, count):
        return "".join(str(self.below(10)) for _ in range(count))


def examples(region):
    """(kind, national significant number) for every kind that the region has."""
    metadata = PhoneMetadata.metadata_for_region(region)
    for kind in KINDS:
        desc = getattr(metadata, kind)
        if desc is not None and desc.example_number:
            yield kind, desc.example_number


def in_script(text, zero):
    return "".join(chr(ord(zero) + int(letter)) if letter in "0123456789" else letter for letter in text)


def grouped(draw, digits, separators):
    text = ""
    while digits:
        take = 2 + draw.below(3)
        text, digits = text + digits[:take] + (draw.one(separators) if len(digits) > take else ""), digits[take:]
    return text


def lettered(draw, digits, count):
    head, tail = digits[:-count], digits[-count:]
    return head + "".join(draw.one(KEYPAD[d]) if d in KEYPAD else d for d in tail)


class Number:
    """A number of a region, valid or nearly so."""

    def __init__(self, draw, region):
        self.region = region
        self.code = str(phonenumbers.country_code_for_region(region))
        self.kind, nsn = draw.one(list(examples(region)))
        change = draw.below(10)
        if change < 7:
            count = 1 + draw.below(min(5, len(nsn) - 2))
            nsn = nsn[:-count] + draw.digits(count)
        elif change == 7:
            nsn = draw.one([nsn[:-1], nsn + draw.digits(1), nsn[:-3], nsn + draw.digits(4)])
        self.nsn = nsn
        self.trunk = PhoneMetadata.metadata_for_region(region).national_prefix or ""
        self.e164 = "+" + self.code + nsn
        self.national = self.trunk + nsn

    def printed(self, form):
        number = phonenumbers.PhoneNumber(country_code=int(self.code), national_number=int(self.nsn))
        zeros = len(self.nsn) - len(self.nsn.lstrip("0"))
        if zeros:
            number.italian_leading_zero = True
            number.number_of_leading_zeros = zeros
        return phonenumbers.format_number(number, form)


def other(draw, region):
    return draw.one([r for r in REGIONS if r != region])


def idd(region):
    return PhoneMetadata.metadata_for_region(region).preferred_international_prefix or {
        "US": "011", "CA": "011", "JM": "011", "RU": "8~10", "KZ": "8~10", "HK": "001", "SG": "001",
        "JP": "010", "KR": "00", "CO": "00", "CL": "00", "BR": "0015", "AU": "0011", "FI": "00", "IL": "00",
    }.get(region, "00")


SEPARATORS = [" ", "-", ".", " ", " ", "/", "\u00a0", "\u202f", "\u2009", "\u3000", "\u2011", "\u2013", "\u2212", "\uff0d"]
SPELLINGS = []


def spelling(weight):
    def register(function):
        SPELLINGS.extend([function] * weight)
        return function

    return register


@spelling(6)
def as_e164(draw, n):
    return n.e164, draw.one([None, n.region, other(draw, n.region)])


@spelling(4)
def international(draw, n):
    return n.printed(PhoneNumberFormat.INTERNATIONAL), draw.one([None, n.region, other(draw, n.region)])


@spelling(5)
def national(draw, n):
    return n.printed(PhoneNumberFormat.NATIONAL), n.region


@spelling(2)
def national_elsewhere(draw, n):
    return n.printed(PhoneNumberFormat.NATIONAL), draw.one([None, other(draw, n.region)])


@spelling(3)
def national_digits(draw, n):
    return draw.one([n.national, n.nsn, n.code + n.nsn]), draw.one([n.region, n.region, None])


@spelling(3)
def national_grouped(draw, n):
    return grouped(draw, n.national, SEPARATORS), n.region


@spelling(3)
def international_grouped(draw, n):
    return "+" + n.code + draw.one(SEPARATORS) + grouped(draw, n.nsn, SEPARATORS), draw.one([None, other(draw, n.region)])


@spelling(3)
def with_idd(draw, n):
    home = draw.one(REGIONS)
    prefix = draw.one([idd(home), idd(home), "00", "011"])
    return prefix + draw.one(["", " ", "-"]) + n.code + draw.one(["", " "]) + n.nsn, draw.one([home, home, home, None])


@spelling(2)
def trunk_after_code(draw, n):
    shape = draw.one(["+{c} (0){n}", "+{c} (0) {n}", "+{c}0{n}", "+{c} {t}{n}", "00{c}(0){n}"])
    return shape.format(c=n.code, n=n.nsn, t=n.trunk), draw.one([None, n.region, "DE"])


@spelling(2)
def other_digits(draw, n):
    zero = draw.one(["\uff10", "\u0660", "\u06f0", "\u0966"])
    text = draw.one([n.e164, n.national, grouped(draw, n.national, [" ", "-"])])
    text = in_script(text, zero).replace("+", draw.one(["+", "\uff0b"]))
    return text, n.region


@spelling(2)
def letters(draw, n):
    text = lettered(draw, n.nsn, 3 + draw.below(5))
    return draw.one([n.trunk, "+" + n.code + " ", n.trunk + "-"]) + text, n.region


@spelling(1)
def stray_letters(draw, n):
    at = 1 + draw.below(len(n.national) - 1)
    return n.national[:at] + draw.one(["O", "l", "x", "aa", "I"]) + n.national[at:], n.region


@spelling(3)
def extension(draw, n):
    label = draw.one([" ext. ", " ext ", "x", " x", ";ext=", "#", " #", ",,", ",", " extension ", " anexo ", " доб. ", " int ", " - ", ";", "~"])
    tail = draw.one(["", "", "#"])
    return draw.one([n.e164, n.national]) + label + draw.digits(1 + draw.below(7)) + tail, n.region


@spelling(3)
def schemes(draw, n):
    shape = draw.one(
        [
            "tel:{e}", "TEL:{e}", "tel:{e};isub=1", "tel:{n};phone-context=+{c}", "tel:{n};phone-context=example.com",
            "tel:{e};npdi;rn={e}", "tel:{g};ext=12", "whatsapp:{e}", "sms:{e}", "sip:{e}@example.com", "sip:{t}@10.0.0.1",
            "sips:{e}@example.com;user=phone", "<sip:{e}@example.com>;tag=1", '"Ann" <sip:{e}@example.com>',
            "client:{e}", "rcs:{e}", "messenger:{d}", "callto:{e}", "tel:%2B{d}", "sip:ann@example.com", "Phone: {e}",
        ]
    )
    values = dict(e=n.e164, n=n.nsn, c=n.code, g=grouped(draw, n.national, ["-", "."]), t=n.national, d=n.e164[1:])
    return shape.format(**values), draw.one([n.region, None])


@spelling(2)
def around(draw, n):
    text = draw.one([n.e164, n.printed(PhoneNumberFormat.NATIONAL)])
    shape = draw.one(
        [
            "\u202a{}\u202c", "\u200e{}", " {} ", "\t{}\n", "({})", "[{}]", "call {}", "Tel. {}", "{} (work)", "{} or so",
            "'{}'", "+{}", "-{}", "{}.", "{};", "{},", "{} / {}", "{},{}", "{}<{}", "{}\n{}", "no {}", "{}/x1", "\ufeff{}",
            "*67{}", "#31#{}", "*31#{}", "{}*", "**{}", "\u2060{}",
        ]
    )
    return shape.format(text, text), n.region


@spelling(1)
def unseen_within(draw, n):
    at = 2 + draw.below(len(n.e164) - 3)
    return n.e164[:at] + draw.one(["\u200e", "\u200b", "\u2060", "\u00ad", "\u202c", "\ufeff", "\t", "\n"]) + n.e164[at:], None


@spelling(3)
def short(draw, n):
    text = draw.one(
        [draw.digits(3), draw.digits(4), draw.digits(5), draw.digits(6), "112", "911", "999", "110", "116117", "+112", "118 118",
         "*100#", "*#06#", "#21#", "09" + draw.digits(2), n.nsn[:4], n.nsn[:6], "+" + draw.digits(4), "0", "1", "00", "011"]
    )
    return text, draw.one([n.region, n.region, None])


@spelling(2)
def aliases(draw, n):
    text = draw.one(
        [
            "+521" + draw.one(["55", "33", "81", "222", "998"]) + draw.digits(8),
            "+52" + draw.one(["55", "33", "81"]) + draw.digits(8),
            "01 55 " + draw.digits(8), "044 55 " + draw.digits(8),
            "+549" + draw.one(["11", "341", "351"]) + draw.digits(8), "+5411" + draw.digits(8),
            "011 15 " + draw.digits(4) + "-" + draw.digits(4), "+54 11 15 " + draw.digits(8),
            "+55" + draw.one(["11", "21", "85"]) + draw.one("6789") + draw.digits(7),
            "+55" + draw.one(["11", "21", "85"]) + "9" + draw.digits(8), "+55" + draw.one(["11", "21"]) + draw.one("2345") + draw.digits(7),
            "0 15 11 9" + draw.digits(8), "0xx11 9" + draw.digits(8), "(0xx21) " + draw.one("2345") + draw.digits(7),
        ]
    )
    return text[:17] if text.startswith("+") else text, draw.one(["MX", "AR", "BR"])


@spelling(1)
def of_no_country(draw, n):
    text = "+" + draw.one("800 808 870 878 881 882 883 888 979 210 999 0 00 801".split()) + draw.digits(7 + draw.below(6))
    return text, draw.one([None, n.region])


@spelling(2)
def garbage(draw, n):
    alphabet = draw.one(["0123456789", "0123456789 -+().", "0123456789+x#*;,=/ ", "abc0123456789 @:+", "+0123456789\u0660\uff11\u00e9\u4e00 \u200f"])
    return "".join(draw.one(alphabet) for _ in range(draw.below(24))), draw.one([None, n.region])


@spelling(1)
def names(draw, n):
    text = draw.one(["ACME", "My Bank", "AB" + draw.digits(5), "anonymous", "Restricted", "info@example.com", "+", "", " ", "client:ann", "FLOWERS", "0800 REDIAL", "EXTRA 12", draw.digits(18), "+" + draw.digits(16), "+" + draw.digits(260)])
    return text, draw.one([None, n.region])


def rows():
    """(spelling's name, text, region or None), ROWS of them."""
    draw = Draw(20)
    for index in range(ROWS):
        number = Number(draw, REGIONS[index % len(REGIONS)])
        write = draw.one(SPELLINGS)
        text, region = write(draw, number)
        yield write.__name__, text, region
