#!/usr/bin/env python3
"""Compares how Redial reads phone numbers with how Google's libphonenumber does (its Python port, `phonenumbers`).

    differential.py corpus                       prints the corpus: JSON [text, region], one a line
    differential.py compare OURS [--write]       OURS has one JSON object for each line of the corpus

Every kind of disagreement is a row of the tables in docs/phone-numbers.md, with how many there are and the cause. A
kind without a row, a row without its kind, another count, and a number that differs while both call it valid are
failures. `--write` puts the counts into the tables; causes are written by people.
"""

import json
import re
import sys
import unicodedata
import urllib.parse
from collections import Counter
from pathlib import Path

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

import corpus

WRONG = "WRONG NUMBER"
DOCS = Path(__file__).resolve().parents[2] / "docs/phone-numbers.md"
KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed", PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free", PhoneNumberType.PREMIUM_RATE: "premium", PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip", PhoneNumberType.PERSONAL_NUMBER: "personal", PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan", PhoneNumberType.VOICEMAIL: "voicemail", PhoneNumberType.UNKNOWN: "unknown",
}


def google(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def plainer(text):
    """What Redial takes off or reads in another way before it reads a number, each with a name."""
    sip = re.fullmatch(r"(?:\"[^\"]*\" *)?<?sips?:([^@;:]+)[^@]*@.*", text)
    if sip:
        yield "a SIP address", sip[1]
    if re.match(r"(tel|sms|whatsapp):", text, re.I):
        bare = urllib.parse.unquote(text.split(":", 1)[1])
        yield "percent-encoded", bare
        yield "parameters of number portability", re.sub(r";(npdi|rn=[^;]*)", "", bare)
    yield "signs after an extension", re.sub(r"(;ext=\d+)[#*]+$", r"\1", text)
    unmarked = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    yield "unseen marks", unmarked
    yield "other spaces", "".join(" " if letter.isspace() else letter for letter in unmarked)


def why_wider(text, region, ours):
    """What Redial reads in a field that Google's library refuses; the latter has to read the plainer text alike."""
    mexican, brazilian = (re.fullmatch(p, ours["wire"]) for p in (r"\+521(\d{10})", r"\+55(\d\d)([6-9]\d{7})"))
    if mexican and ours["key"] == f"+52{mexican[1]}" and google(ours["key"], None):
        return "the Mexican 1"
    if brazilian and ours["key"] == f"+55{brazilian[1]}9{brazilian[2]}" and google(ours["key"], None):
        return "Brazil without the ninth digit"
    for name, plain in plainer(text):
        theirs = google(plain, region)
        if plain != text and theirs is not None:
            same = ours["wire"] == phonenumbers.format_number(theirs, PhoneNumberFormat.E164)
            return name if same else WRONG
    return "?"


def why_refused(text, error):
    """`Unreadable` has more than one cause."""
    if error != "Unreadable":
        return error
    words = re.sub(r"\W*(x|ext\w*|int|anexo|доб)\W*", "", text, flags=re.I)
    if re.match(r"\W*[^\W\d]", text):
        return "Unreadable, words before it"
    if re.search(r"[\n\r]", text):
        return "Unreadable, two lines"
    if re.match(r"[^\w+(\[\uff0b]", text.strip()):
        return "Unreadable, signs before it"
    if 1 <= sum(letter.isalpha() for letter in words) <= 2:
        return "Unreadable, a stray letter"
    return error


def reading(text, region, ours, theirs):
    """The kind of disagreement about what the number is, if there is one."""
    if theirs is None:
        if "error" in ours:
            return None
        why = why_wider(text, region, ours)
        return why if why == WRONG else f"read: {why}"
    if "error" in ours:
        return f"refused: {why_refused(text, ours['error'])}"
    if ours["wire"] != phonenumbers.format_number(theirs, PhoneNumberFormat.E164):
        return WRONG
    if (ours["extension"] or None) != (theirs.extension or None):
        return "extension"
    return None


def sort(ours, theirs):
    """The kinds of disagreement about a number that both read alike."""
    kind, region = KINDS[phonenumbers.number_type(theirs)], phonenumbers.region_code_for_number(theirs)
    if ours["kind"] != kind:
        yield f"kind: {kind} is {ours['kind']}"
    if (ours["region"] or "001") != region:
        yield f"region: {region} is {ours['region']}"
    if "international" in ours:
        for form, name in ((PhoneNumberFormat.INTERNATIONAL, "international"), (PhoneNumberFormat.NATIONAL, "national")):
            if ours[name] == phonenumbers.format_number(theirs, form) or (name == "national" and region == "001"):
                continue
            instead = "E.164" if ours[name] == ours["wire"] else "international" if ours[name] == ours["international"] else "other"
            yield f"{name} form of +{theirs.country_code}: {instead}"


def compare(lines):
    counts, samples, figures = Counter(), {}, Counter()
    rows = list(corpus.rows())
    assert len(rows) == len(lines) == corpus.ROWS, (len(rows), len(lines))
    for (spelling, text, region), line in zip(rows, lines):
        ours = json.loads(line)
        theirs = google(text, region)
        found = [reading(text, region, ours, theirs)]
        figures["fields"] += 1
        figures["valid for both"] += theirs is not None and "error" not in ours
        figures["refused by both"] += theirs is None and "error" in ours
        if theirs is not None and "error" not in ours and found == [None]:
            theirs.extension = None
            found = list(sort(ours, theirs))
            figures["formatted"] += "international" in ours
        for kind in filter(None, found):
            counts[kind] += 1
            samples.setdefault(kind, []).append((spelling, text, region, ours, theirs))
    return counts, samples, figures


ROW = re.compile(r"^\| `([^`]+)` \| ([\d,]+) \| (.*) \|$", re.M)


def judge(counts, samples, figures, write):
    text = DOCS.read_text()
    known = {kind: int(count.replace(",", "")) for kind, count, _ in ROW.findall(text)}
    have = dict(counts) | dict(figures)
    if write:
        DOCS.write_text(ROW.sub(lambda m: f"| `{m[1]}` | {have.get(m[1], 0):,} | {m[3]} |", text))
    wrong = []
    for kind in sorted(set(known) | set(have)):
        if kind == WRONG:
            wrong.append(f"{have[kind]} numbers differ although both call them valid")
        elif kind not in known:
            wrong.append(f"a new kind of disagreement: `{kind}`, {have[kind]} times; find the cause, then add a row to {DOCS.name}")
        elif known[kind] != have.get(kind, 0) and not write:
            wrong.append(f"`{kind}`: {have.get(kind, 0)} times, but {DOCS.name} has {known[kind]}")
    for kind, count in sorted(counts.items()):
        print(f"{count:6} {kind}")
        for spelling, field, region, ours, theirs in samples[kind][:: max(1, count // 4)][:5]:
            theirs = theirs and phonenumbers.format_number(theirs, PhoneNumberFormat.INTERNATIONAL)
            print(f"         {spelling}: {field!r} in {region}: Redial {ours}; Google {theirs}")
    print(dict(figures), "phonenumbers", phonenumbers.__version__)
    for line in wrong:
        print("FAILED:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    if sys.argv[1:] == ["corpus"]:
        for _, field, home in corpus.rows():
            print(json.dumps([field, home]))
    elif sys.argv[1:2] == ["compare"]:
        ours = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
        sys.exit(judge(*compare(ours), write="--write" in sys.argv))
    else:
        sys.exit(__doc__)
