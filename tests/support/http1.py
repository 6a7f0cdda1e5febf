"""HTTP/1.1 as bytes: requests to the server of a test, and answers with what is wrong in them."""

import json
import re

from serving import TOKEN

BEARER = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
JSON = b"Content-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def length(n):
    return b"Content-Length: %d\r\n" % n


def start(port, path, method=b"GET"):
    """The first lines of a request, with the host."""
    return b"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (method, path, port)


def request(port, path, fields=BEARER, method=b"GET", body=b""):
    """A request; `fields` are further lines of its header."""
    return start(port, path, method) + fields + b"\r\n" + body


def split_chunks(data):
    """The body that begins here in chunks, and the bytes behind it. The body is None if it is not
    complete, and False if these are not chunks."""
    body = b""
    while True:
        found = re.match(rb"([0-9a-f]+)\r\n", data)
        if not found:
            return (None, b"") if re.fullmatch(rb"[0-9a-f]*\r?", data) else (False, data)
        size = int(found.group(1), 16)
        end = found.end() + size
        if len(data) < end + 2:
            return None, b""
        if data[end:end + 2] != b"\r\n":
            return False, data
        body += data[found.end():end]
        data = data[end + 2:]
        if size == 0:
            return body, data


class Answer:
    """An answer. Its body is None if it came in chunks of which the last one is missing."""

    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body
        self.closes = b"\r\nconnection: close\r\n" in head.lower()

    def is_error_in_json(self):
        """True if the body has the fields of an error, with the status of the answer."""
        if b"\r\ncontent-type: application/json\r\n" not in self.head.lower():
            return False
        try:
            error = json.loads(self.body)["error"]
        except (ValueError, KeyError, TypeError):
            return False
        return (error["status"] == self.status and isinstance(error["kind"], str)
                and isinstance(error["code"], str) and len(error["message"]) > 5
                and "request_id" in error)


HEAD = re.compile(rb"HTTP/1\.1 (\d\d\d) [ A-Za-z-]*(\r\n(?:[!-9;-~]+:[^\r\n\0]*\r\n)*)\r\n")


def parse(seen, heads=False):
    """The answers in these bytes, and what is wrong with the bytes, or None. With `heads`
    an answer can be one to HEAD, which has a length and no body."""
    answers = []
    while seen:
        found = HEAD.match(seen)
        if not found:
            return answers, "not an answer: " + repr(seen[:200])
        status, head, rest = int(found.group(1)), found.group(2), seen[found.end():]
        if status == 100:
            seen = rest
            continue
        lengths = re.findall(rb"\r\nContent-Length: (\d+)(?=\r\n)", head)
        if len(lengths) > 1:
            return answers, "two lengths: " + repr(head)
        if heads and (not rest or rest.startswith(b"HTTP/1.1 ")):
            body, seen = b"", rest
        elif lengths:
            body, seen = rest[:int(lengths[0])], rest[int(lengths[0]):]
            if len(body) < int(lengths[0]):
                return answers, "an incomplete body: " + repr(head)
        elif b"\r\nTransfer-Encoding: chunked\r\n" in head:
            body, seen = split_chunks(rest)
            if body is False:
                return answers, "no chunks: " + repr(seen[:200])
        else:
            body, seen = b"", rest if status in (204, 304) else b""
        answer = Answer(status, head, body)
        answers.append(answer)
        if status >= 400 and not (heads and body == b"") and not answer.is_error_in_json():
            return answers, "an error that is not in JSON: " + repr((head, body))
        if answer.closes and seen:
            return answers, "bytes behind the last answer: " + repr(seen[:200])
    return answers, None


def statuses(seen):
    """The statuses of the answers in these bytes, and behind them what is wrong with the bytes."""
    answers, error = parse(seen)
    return [answer.status for answer in answers] + ([error] if error else [])
