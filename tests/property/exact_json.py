#!/usr/bin/env python3
"""exact_json.py BUILD [SEED [ROUNDS]]: native.json beside Python's json, over random and hostile
documents. Both must accept the same texts. What native.json decodes and encodes again must be the
same value: numbers as decimals, strings as bytes, keys in order."""

import json
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks, Exact, rounds, seeds  # noqa: E402

DEPTH = 512
BYTES = 0x100000  # Python holds bytes that are not valid UTF-8 as U+100080..U+1000FF

sys.setrecursionlimit(100000)


class Refused(Exception):
    pass


def number(text):
    """A number as its decimal. Integers and floats differ; an integer 0 has no sign."""
    is_float = any(c in text for c in ".eE")
    negative = text.startswith("-")
    mantissa, _, exponent = text.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or "0") - len(fraction)
    digits = (whole + fraction).lstrip("0")
    stripped = digits.rstrip("0")
    power += len(digits) - len(stripped)
    if not stripped:
        return ("number", is_float, negative and is_float, "0", 0)
    return ("number", is_float, negative, stripped, power)


def constant(name):
    raise Refused(name)


def string(text):
    out = bytearray()
    for c in text:
        if BYTES + 0x80 <= ord(c) <= BYTES + 0xff:
            out.append(ord(c) - BYTES)
        else:
            out += c.encode("utf-8", "surrogatepass")
    return bytes(out)


def value(v):
    """What Python has decoded, with strings as bytes; keys are bytes already."""
    if isinstance(v, str):
        return string(v)
    if isinstance(v, list):
        return [value(x) for x in v]
    if isinstance(v, dict):
        return {k: value(x) for k, x in v.items()}
    return v


def depth_of(text):
    """The depth of nesting up to the end of the text; Python has no limit of its own."""
    depth = deepest = 0
    inside = False  # of a string
    i = 0
    while i < len(text):
        c = text[i]
        if inside:
            if c == 0x5c:
                i += 1
            elif c == 0x22:
                inside = False
        elif c == 0x22:
            inside = True
        elif c in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif c in b"]}":
            depth -= 1
        i += 1
    return deepest


def decode(text, ordered=False):
    """The value of a text according to Python; `ordered`: its keys must be in order."""
    def members(pairs):
        pairs = [(string(k), v) for k, v in pairs]
        keys = [k for k, _ in pairs]
        assert not ordered or keys == sorted(set(keys)), "keys are not in order"
        return dict(pairs)

    if depth_of(text) > DEPTH:
        raise Refused("depth")
    # not by Python's own surrogate escapes, which JSON can contain itself
    carried = "".join(chr(b) if b < 0x80 else chr(BYTES + b) for b in text)
    try:
        return value(json.loads(carried, parse_int=number, parse_float=number,
                                parse_constant=constant, object_pairs_hook=members))
    except ValueError as e:
        raise Refused(str(e)) from e


class Generator:
    """Random documents."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def number(self):
        r = self.r
        kind = r.randrange(12)
        if kind < 4:
            return str(r.randint(-1000, 1000))
        if kind == 4:
            edge = r.choice([2**31, 2**53, 2**63, 2**64, 9 * 10**15, 10**15])
            return str(edge + r.randint(-2, 2))
        if kind == 5:
            return str(-r.choice([2**53, 2**63, 10**16]) + r.randint(-2, 2))
        if kind == 6:
            return repr(r.uniform(-1000, 1000))
        if kind == 7:
            return f"{r.randint(-999, 999)}.{r.randint(0, 99):02d}"
        if kind == 8:
            return r.choice([
                "-0", "0", "-0.0", "0.0", "1.0", "1e5", "1E+5", "1e-5", "0e0", "-0E-7", "1e308",
                "1.8e308", "1e999", "5e-324", "1e-999", "0.1e1", "100.0e-2",
                "5.684341886080802e-14", "1e22", "1e23", "123456789012345.5"])
        if kind == 9:
            bits = r.getrandbits(64).to_bytes(8, "little")
            d = struct.unpack("<d", bits)[0]
            return repr(d) if d == d and abs(d) != float("inf") else "0.5"
        if kind == 10:
            digits = "".join(r.choice("0123456789") for _ in range(r.randint(1, 40)))
            return f"{r.choice(['', '-'])}{r.randint(1, 9)}{digits}"
        digits = "".join(r.choice("0123456789") for _ in range(r.randint(1, 25)))
        return f"{r.randint(0, 9)}.{digits}{r.choice(['', 'e', 'E+', 'e-'])}".rstrip("+-eE") + \
            r.choice(["", f"e{r.randint(-330, 320)}"])

    def string(self):
        r = self.r
        parts = []
        for _ in range(r.choice([0, 1, 1, 2, 3, 8, 30])):
            kind = r.randrange(12)
            if kind < 5:
                count = r.randint(1, 12)
                parts.append(bytes(r.choice(b"abcXYZ 0189/[]{},:") for _ in range(count)))
            elif kind == 5:
                parts.append(b"\\" + bytes([r.choice(b'"\\/bfnrt')]))
            elif kind == 6:
                parts.append(b"\\u%04x" % r.choice([0, 1, 0x1f, 0x41, 0xe9, 0x20ac, 0xffff,
                                                    r.randrange(0xd800)]))
            elif kind == 7:
                parts.append(b"\\u%04X" % r.randint(0xd800, 0xdfff))
            elif kind == 8:
                c = r.randint(0, 0xeffff)  # not of plane 16, which holds bytes: see BYTES
                parts.append(b"\\u%04x\\u%04x" % (0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff)))
            elif kind == 9:
                parts.append(chr(r.choice([0x7f, 0xe9, 0x20ac, 0xd55c, 0x1f600])).encode())
            elif kind == 10:
                parts.append(bytes(r.randint(0x80, 0xff) for _ in range(r.randint(1, 4))))
            else:
                parts.append(r.choice([
                    b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\x80\xed\xb0\x80",
                    b"\\ud800\xed\xb0\x80", b"\xed\xa0\x80\\udc00"]))
        return b'"' + b"".join(parts) + b'"'

    def blank(self):
        return self.r.choice([b""] * 12 + [b" ", b"\n", b"\t", b"\r\n", b"  "])

    def value(self, depth=0):
        r = self.r
        kind = r.randrange(10 if depth < 6 else 6)
        if kind < 2:
            return self.number().encode()
        if kind < 4:
            return self.string()
        if kind < 6:
            return r.choice([b"true", b"false", b"null", b"[]", b"{}", b"[ ]", b"{ }"])
        b = self.blank
        count = r.choice([0, 1, 2, 3, 5, 80 if depth < 2 else 4])
        if kind < 8:
            items = (b() + self.value(depth + 1) + b() for _ in range(count))
            return b"[" + b",".join(items) + b"]"
        members = (b() + self.string() + b() + b":" + b() + self.value(depth + 1) + b()
                   for _ in range(count))
        return b"{" + b",".join(members) + b"}"

    def document(self):
        return self.blank() + self.value() + self.blank()

    def damage(self, text):
        """Change, insert, remove or repeat some bytes."""
        r = self.r
        out = bytearray(text)
        for _ in range(r.randint(1, 3)):
            at = r.randrange(len(out) + 1)
            kind = r.randrange(5)
            if kind == 0:
                del out[at:]
            elif kind == 1 and at < len(out):
                special = b'{}[],:"\\0123456789-+.eEtfnul \x00\x01\x1f\x7f\xff'
                out[at] = r.choice(special) if r.randrange(3) else r.randrange(256)
            elif kind == 2:
                out.insert(at, r.choice(b',]}[{":\\0-e.'))
            elif kind == 3:
                del out[at:at + r.randint(1, 4)]
            else:
                out[at:at] = out[at:at + r.randint(1, 8)]
        return bytes(out)


ODD = [
    b"", b" ", b"\x00", b"1\x00", b"[1]\x00", b"\x00[1]", b'"\x00"', b'"a\x00', b"\xef\xbb\xbf1",
    b"\xff\xfe1\x00", b"\x001\x00", b"\xff", b"[\xff]", b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"',
    b"nan", b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"inf", b"0x10", b"0X1p3", b"1_000", b"+1",
    b".5", b"5.", b"1e", b"1e+", b"--1", b"- 1", b"01", b"-01", b"00", b"1.e5", b"1 2", b"TRUE",
    b"True", b"truefalse", b"nul", b"nulll", b"'a'", b"{a:1}", b"{'a':1}", b"{1:1}", b'{"a"}',
    b'{"a":}', b'{"a":1,}', b'{,}', b"[,]", b"[1,]", b"[1,,2]", b"[1 2]", b"[1]]", b"{}}", b"{]",
    b"[}", b"//x\n1", b"/**/1", b"#\n1", b'"\\"', b'"\\x41"', b'"\\u"', b'"\\u12"', b'"\\u12g4"',
    b'"\\u 123"', b'"\\u+123"', b'"\\U0041"', b'"\\ud800', b'"\\ud800\\', b'"\\ud800\\u',
    b'"\\ud800\\udc0"', b'"\\ud800\\ud800\\udc00"', b'"\\\'"', b'"\t"', b'"\n"', b'"\x1f"',
    b'"\x7f"', b"\x0b1", b"\x0c1", b"\xc2\xa01", b"1\x1a", b'"a" "b"', b'{"a":1 "b":2}', b'{"a":1]',
    b"[\"a\":1]", b"9000000000000000", b"[9000000000000000,[]]", b"[9000000000000001.0,1.0]"]


def hostile():
    """Pairs of a description and a text."""
    document = (b'{"a":[1,-2.5e3,[],{}],"\\u00e9\\n":"\\ud83d\\ude00x","n":null,"t":true,'
                b'"f":false,"big":12345678901234567890,"\xc3\xa4":"\xff"}')
    for i in range(len(document)):
        yield f"cut at byte {i}", document[:i]
    for n in (511, 512, 513, 5000, 1000000):
        yield f"{n} brackets", b"[" * n + b"]" * n
        yield f"{n} brackets left open", b"[" * n
        yield f"{n} objects", b'{"a":' * n + b"1" + b"}" * n
    for n in (1000000, 1000001):
        yield f"an integer of {n} digits", b"7" * n
        yield f"a fraction of {n} digits", b"0." + b"3" * n
        yield f"{n} zeros and a digit", b"0." + b"0" * n + b"1"
        yield f"{n} zeros behind a point", b"[-1." + b"0" * n + b"]"
        yield f"an exponent of {n} zeros", b"1e" + b"0" * n + b"5"
        yield f"a string of {n} bytes", b'"' + b"x" * n + b'"'
        yield f"a string of {n} escapes", b'"' + b"\\u0000" * (n // 6) + b'"'
        yield f"{n} empty arrays", b"[" + b"[]," * (n // 3) + b"1]"
    yield "100,000 members", b"{" + b",".join(b'"%d":%d' % (i, i) for i in range(100000)) + b"}"
    yield "one key 100,000 times", b"{" + b",".join(b'"a":%d' % i for i in range(100000)) + b"}"
    yield "a key twice, by escape", b'{"a":1,"\\u0061":[]}'
    yield "a key twice, arrays", b'{"a":[],"a":{},"a":1.0}'
    for text in ODD:
        yield repr(text), text


def doubles(seed):
    """A thousand doubles of random bits, and powers of two with their neighbours, each as the
    shortest text that reads back, which native.json must write too."""
    r = random.Random(seed)
    texts = []
    while len(texts) < 1000:
        power, = struct.unpack("<Q", struct.pack("<d", 2.0 ** r.randint(-1074, 1023)))
        bits = r.choice([r.getrandbits(64), power, power + 1, power - 1 & 2**64 - 1])
        d, = struct.unpack("<d", struct.pack("<Q", bits))
        if d == d and abs(d) != float("inf"):
            texts.append(repr(d))
    return "[" + ",".join(texts) + "]"


def find_error(exact, text):
    """The difference between native.json and Python for a text; None if there is none."""
    if b"\\udbc0" in text.lower():
        return None  # it can name the characters that hold bytes
    accepted, answer = exact.ask("json", text)
    try:
        want = decode(text)
    except Refused as e:
        return f"native.json accepts what Python refuses ({e})" if accepted else None
    except RecursionError:
        return None
    if not accepted:
        return f"native.json refuses what Python accepts: {answer.decode()}"
    try:
        got = decode(answer, ordered=True)
    except (Refused, AssertionError) as e:
        return f"native.json writes {answer[:300]!r}: {e}"
    return None if got == want else f"native.json writes {answer[:300]!r}"


def main():
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    checks, exact = Checks(), Exact()

    def check(name, text):
        error = find_error(exact, text)
        checks.check(f"{name}: {text[:300]!r}", error is None, error)

    for name, text in hostile():
        check(name, text)
    for seed in seeds(20260327):
        text = doubles(seed).encode()
        checks.check("doubles", exact.ask("json", text) == (True, text))
        generator = Generator(seed)
        for i in range(rounds(1000)):
            text = generator.document()
            check(f"document {i}", text)
            check(f"document {i}, damaged", generator.damage(text))
    if exact.close() != 0:
        checks.check("the program ends with status 0", False)
    checks.end()


main()
