"""Answers of HTTP/1.1 as bytes, read one after the other, and what each of them must be."""

import json
import re


def chunked(data):
    """The body in chunks at the beginning, and what follows; None if it is cut off."""
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
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body
        self.closes = b"\r\nconnection: close\r\n" in head.lower()

    def is_an_error_in_json(self):
        """The shape that all errors have, with the status of the answer."""
        if b"\r\ncontent-type: application/json\r\n" not in self.head.lower():
            return False
        try:
            error = json.loads(self.body)["error"]
        except (ValueError, KeyError, TypeError):
            return False
        return (error["status"] == self.status and isinstance(error["kind"], str) and isinstance(error["code"], str)
                and len(error["message"]) > 5 and "request_id" in error)


def parse(seen, heads=False):
    """All answers in these bytes, and what is wrong with them, or None. With `heads` an answer
    may be one to HEAD, which has a length but no body."""
    answers = []
    while seen:
        found = re.match(rb"HTTP/1\.1 (\d\d\d) [ A-Za-z-]*(\r\n(?:[!-9;-~]+:[^\r\n\0]*\r\n)*)\r\n", seen)
        if not found:
            return answers, "no answer: " + repr(seen[:200])
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
                return answers, "half a body: " + repr(head)
        elif b"\r\nTransfer-Encoding: chunked\r\n" in head:
            body, seen = chunked(rest)
            if body is False:
                return answers, "no chunks: " + repr(seen[:200])
        else:
            body, seen = b"", rest if status in (204, 304) else b""
        answer = Answer(status, head, body)
        answers.append(answer)
        if status >= 400 and not (heads and body == b"") and not answer.is_an_error_in_json():
            return answers, "an error that is not in JSON: " + repr((head, body))
        if answer.closes and seen:
            return answers, "more behind the last answer: " + repr(seen[:200])
    return answers, None
