#!/usr/bin/env python3
"""Writes src/domain/address/phone/plan.bin: which E.164 numbers are valid, as one automaton over their digits.

    python tests/phone/make_plan.py [FILE]

The number plans come from the package `phonenumbers` (Google's metadata) at the version in tests/requirements.txt,
which is the one whose metadata the crate rlibphonenumber carries; the file says which. A number is accepted when
reading it in full gives back the same number and calls it valid. Numbers about which that cannot be told from the
plans alone (their first digits may be a national prefix that the full reader would cut off) are not accepted: they
take the full way. `the_plan_answers_as_the_full_check_does` in the crate's tests holds the file against that.
"""

import functools
import struct
import sys
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

LONGEST = 17  # digits after the country code; Google allows more than ITU-T's 15 in all for Germany
KINDS = "premium_rate toll_free shared_cost voip personal_number pager uan voicemail fixed_line mobile".split()
TARGET = Path(__file__).resolve().parents[2] / "src/domain/address/phone/plan.bin"


class Pattern:
    """A regular expression over digits as used in the metadata, as a non-deterministic automaton."""

    def __init__(self, text):
        self.text, self.at = text, 0
        self.edges, self.empty = [], []  # per state: [(digits, state)], [state]
        start, end = self.alternatives()
        assert self.at == len(text), (text, self.at)
        self.start, self.end = self.closure({start}), end

    def state(self):
        self.edges.append([])
        self.empty.append([])
        return len(self.edges) - 1

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, expected=None):
        letter = self.text[self.at]
        assert expected in (None, letter), (self.text, self.at, expected)
        self.at += 1
        return letter

    def alternatives(self):
        start, end = self.state(), self.state()
        while True:
            first, last = self.sequence()
            self.empty[start].append(first)
            self.empty[last].append(end)
            if self.peek() != "|":
                return start, end
            self.take()

    def sequence(self):
        first = last = self.state()
        while self.peek() not in ("", "|", ")"):
            begun = self.at
            low, high = None, None
            self.atom()
            after = self.at
            low, high = self.repetition()
            done = self.at
            for count in range(high):
                self.at = begun
                one, other = self.atom()
                assert self.at == after
                self.empty[last].append(one)
                if count >= low:
                    self.empty[last].append(other)
                last = other
            self.at = done
        return first, last

    def repetition(self):
        if self.peek() == "?":
            self.take()
            return 0, 1
        if self.peek() != "{":
            return 1, 1
        self.take()
        text = ""
        while self.peek() != "}":
            text += self.take()
        self.take()
        low, _, high = text.partition(",")
        return int(low), int(high or low)

    def atom(self):
        letter = self.take()
        if letter == "(":
            if self.peek() == "?":
                self.take()
                self.take(":")
            pair = self.alternatives()
            self.take(")")
            return pair
        start, end = self.state(), self.state()
        if letter == "$":  # read as if it were not there: the pattern then fits more, which its one user wants
            self.empty[start].append(end)
            return start, end
        if letter == "\\":
            self.take("d")
            digits = frozenset(range(10))
        elif letter == "[":
            digits = self.digits_in_brackets()
        else:
            digits = frozenset([int(letter)])
        self.edges[start].append((digits, end))
        return start, end

    def digits_in_brackets(self):
        digits = set()
        while self.peek() != "]":
            low = self.take()
            if low == "\\":
                self.take("d")
                digits |= set(range(10))
            elif self.peek() == "-":
                self.take()
                digits |= set(range(int(low), int(self.take()) + 1))
            else:
                digits.add(int(low))
        self.take()
        return frozenset(digits)

    def closure(self, states):
        seen, todo = set(states), list(states)
        while todo:
            for other in self.empty[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return frozenset(seen)

    def step(self, states, digit):
        return self.closure({end for state in states for digits, end in self.edges[state] if digit in digits})


class Tree:
    """All strings of a pattern up to a length, as a minimal acyclic automaton: a node is (accepts, ten nodes)."""

    nodes = {}
    table = [(False, (0,) * 10)]  # node 0 accepts nothing

    @classmethod
    def node(cls, accepts, children):
        key = (accepts, children)
        if not accepts and not any(children):
            return 0
        if key not in cls.nodes:
            cls.nodes[key] = len(cls.table)
            cls.table.append(key)
        return cls.nodes[key]

    @classmethod
    def of(cls, pattern, lengths, any_tail=False):
        """Strings that match in full and have one of the lengths; with `any_tail`, that begin with a match."""
        nfa, known = Pattern(pattern), {}

        def walk(states, depth):
            if depth > LONGEST or not states:
                return 0
            key = (states, depth)
            if key not in known:
                if any_tail and nfa.end in states:
                    known[key] = cls.all(depth, lengths)
                else:
                    accepts = not any_tail and nfa.end in states and depth in lengths
                    known[key] = cls.node(accepts, tuple(walk(nfa.step(states, d), depth + 1) for d in range(10)))
            return known[key]

        return walk(nfa.start, 0)

    @classmethod
    @functools.cache
    def all(cls, depth, lengths):
        if depth > LONGEST:
            return 0
        below = cls.all(depth + 1, lengths)
        return cls.node(depth in lengths, (below,) * 10)

    memo = {}

    @classmethod
    def combine(cls, name, rule, one, other):
        """The automaton of `rule(one accepts, other accepts)`; rule(False, False) is False."""
        if (one, other) == (0, 0):
            return 0
        key = (name, one, other)
        if key not in cls.memo:
            (a, left), (b, right) = cls.table[one], cls.table[other]
            children = tuple(cls.combine(name, rule, x, y) for x, y in zip(left, right))
            cls.memo[key] = cls.node(rule(a, b), children)
        return cls.memo[key]

    @classmethod
    def union(cls, one, other):
        return cls.combine("or", lambda a, b: a or b, one, other)

    @classmethod
    def both(cls, one, other):
        return cls.combine("and", lambda a, b: a and b, one, other)

    @classmethod
    def without(cls, one, other):
        return cls.combine("not", lambda a, b: a and not b, one, other)

    @classmethod
    def behind(cls, digits, node):
        """The strings of `node` with `digits` before each."""
        for digit in reversed(digits):
            node = cls.node(False, tuple(node if d == int(digit) else 0 for d in range(10)))
        return node


EVERY_LENGTH = frozenset(range(LONGEST + 1))


def matching(desc):
    """is_number_matching_desc: the length is one of the possible ones, where any are given, and the pattern fits."""
    if desc is None or desc.national_number_pattern is None:
        return 0
    lengths = frozenset(desc.possible_length) or EVERY_LENGTH
    return Tree.of(desc.national_number_pattern, lengths)


def known_kind(metadata):
    node = 0
    for kind in KINDS:
        node = Tree.union(node, matching(getattr(metadata, kind)))
    return Tree.both(node, matching(metadata.general_desc))


def valid(plans):
    """The first region decides whose leading digits fit or that knows the kind; then the kind must be known there."""
    if len(plans) == 1:
        return known_kind(plans[0])
    accepted = decided = 0
    for metadata in plans:
        known = known_kind(metadata)
        chosen = known
        if metadata.leading_digits:
            chosen = Tree.union(chosen, Tree.of(metadata.leading_digits, EVERY_LENGTH, any_tail=True))
        accepted = Tree.union(accepted, Tree.without(known, decided))
        decided = Tree.union(decided, chosen)
    return accepted


def strings(node, begun=""):
    accepts, children = Tree.table[node]
    if accepts:
        yield begun
    for digit, child in enumerate(children):
        if child:
            yield from strings(child, begun + str(digit))


def may_be_cut(main):
    """Numbers from which the full reader may cut a national prefix, although a country code stands before them.

    It cuts nothing where the number fits the general pattern as it is and would not without the prefix.
    """
    pattern = main.national_prefix_for_parsing
    if not pattern:
        return 0
    if main.national_prefix_transform_rule or "\\d" in pattern or "$" in pattern:
        nonempty = Tree.of(pattern, EVERY_LENGTH - {0})
        return beginning_with(nonempty)
    general = Tree.of(main.general_desc.national_number_pattern, EVERY_LENGTH)
    cut = 0
    for prefix in strings(Tree.of(pattern, EVERY_LENGTH)):
        if prefix:
            starts = Tree.behind(prefix, Tree.all(len(prefix), EVERY_LENGTH))
            safe = Tree.without(general, Tree.behind(prefix, general))
            cut = Tree.union(cut, Tree.without(starts, safe))
    return cut


@functools.cache
def beginning_with(node, depth=0):
    """The strings that begin with one of the node's."""
    accepts, children = Tree.table[node]
    if accepts:
        return Tree.all(depth, EVERY_LENGTH)
    if not any(children):
        return 0
    return Tree.node(False, tuple(beginning_with(child, depth + 1) if child else 0 for child in children))


def plan():
    root = 0
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        if regions == ("001",):
            plans = [PhoneMetadata.metadata_for_nongeo_region(code)]
        else:
            plans = [PhoneMetadata.metadata_for_region(region) for region in regions]
        numbers = Tree.without(valid(plans), may_be_cut(plans[0]))
        root = Tree.union(root, Tree.behind(str(code), numbers))
    return root


def table(root):
    """Rows of ten 16-bit numbers, least byte first; a row for each node, children before parents, the root last.

    A number is the row to go to with that digit, plus 32768 where the digits so far are a valid number. Row 0 is the
    end of every way that leads nowhere.
    """
    rows, place = [b"\0" * 20], {0: 0}

    def visit(node):
        if node not in place:
            children = Tree.table[node][1]
            for child in children:
                visit(child)
            place[node] = len(rows)
            rows.append(struct.pack("<10H", *(place[c] | (0x8000 if Tree.table[c][0] else 0) for c in children)))

    visit(root)
    assert len(rows) < 0x8000
    return b"".join(rows)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_bytes(table(plan()))
    print(f"{target}: {target.stat().st_size // 20} nodes, number plans of phonenumbers {phonenumbers.__version__}")
