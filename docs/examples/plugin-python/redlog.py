#!/usr/bin/env python3
"""A plugin for `redlog` files, an imaginary format: see docs/plugins.md.

Needs Python 3.8 or later and nothing else. Memory follows the longest line
that is allowed.
"""

import hashlib
import json
import sys

MAX_LINE_BYTES = 1 << 20  # A reply of a model has a few thousand bytes.
PROGRESS_LINES = 10_000  # Lines after which the host learns how far we are.

GREETING = {
    "type": "hello",
    "protocol": 1,
    "name": "redlog",
    "version": "1.0",
    "title": "Logs of the imaginary tool redlog (tab-separated text)",
    "format_versions": ["1"],
    "capabilities": ["probe", "texts"],
    "page": "docs/plugins.md",
}

# What a verdict word of redlog means: the outcome, and the verdict if there is one.
MEANING = {
    "complied": ("response", "compliance"),
    "partly": ("response", "partial"),
    "refused": ("response", "refusal"),
    "unclear": ("response", "parse_error"),
    "ungraded": ("response", None),
    "filtered": ("filtered", None),
    "failed": ("error", None),
}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "hello":
            say(GREETING)
        elif request["type"] == "probe":
            say(claim(request["path"]))
        elif request["type"] == "import":
            say(read(request))
        sys.stdout.flush()


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")


def claim(path):
    """A file is ours by its first bytes, never by its name."""
    try:
        with open(path, "rb") as file:
            head = file.read(9)
    except OSError:
        head = b""
    if head == b"redlog\t1\t":
        reason = "the first line begins with `redlog` and version 1"
        return {"type": "claim", "claim": "yes", "confidence": 95, "reason": reason}
    if head.startswith(b"redlog\t"):
        return {
            "type": "claim",
            "claim": "almost",
            "reason": "a redlog file of a version other than 1",
            "hint": "write it again with version 1 of redlog",
        }
    return {"type": "claim", "claim": "no"}


def refused(reason, hint):
    return {"type": "refused", "reason": reason, "hint": hint}


def read(request):
    """Writes every record of a file, and gives back the account or the refusal."""
    try:
        with open(request["path"], "rb") as file:
            return read_lines(file, request["keep_text"])
    except OSError as error:
        return refused(f"the file cannot be read: {error}", "check its permissions")


def read_lines(file, keep_text):
    line, byte = next_line(file)
    try:
        head = head_of(text_of(line))
    except ValueError:
        head = None
    if head is None:
        return refused(
            "the first line is not `redlog 1 RUN DATASET GRADER`, with tabs between",
            "check that the file was written by redlog, and copied whole",
        )
    counts = {"traces": 0, "cells": 0, "rejects": 0, "grades": 0}
    number = 1
    while True:
        line, length = next_line(file)
        if length == 0:
            return {"type": "account", **counts, "format_version": "1"}
        number += 1
        location = {"record": str(number), "byte": byte}
        byte += length
        try:
            record = trace(text_of(line), head, keep_text)
            say({"type": "trace", "location": location, **record})
            counts["traces"] += 1
            counts["grades"] += len(record["grades"])
        except ValueError as problem:
            say({"type": "reject", "location": location, "reason": str(problem)})
            counts["rejects"] += 1
        if number % PROGRESS_LINES == 0:
            say({"type": "progress", "bytes_read": byte})
            sys.stdout.flush()


def next_line(file):
    """A line with its end, and how long it is. Of a line that is too long only
    the start is kept; the rest is read past."""
    line = file.readline(MAX_LINE_BYTES + 2)
    length, rest = len(line), line
    while len(rest) == MAX_LINE_BYTES + 2 and not rest.endswith(b"\n"):
        rest = file.readline(MAX_LINE_BYTES + 2)
        length += len(rest)
    return line, length


def text_of(line):
    """The text of a line without its end."""
    content = line[:-1] if line.endswith(b"\n") else line
    if len(content) > MAX_LINE_BYTES:
        raise ValueError(f"the line has more than {MAX_LINE_BYTES} bytes")
    if content == line:
        raise ValueError("the line has no end: the file was cut short")
    try:
        return (content[:-1] if content.endswith(b"\r") else content).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the line is not UTF-8") from None


def head_of(text):
    """What the first line says of all others, or None."""
    columns = text.split("\t")
    if len(columns) != 5 or columns[:2] != ["redlog", "1"]:
        return None
    return dict(zip(("run", "dataset", "grader"), columns[2:]))


def trace(text, head, keep_text):
    """One line: ID, MODEL, PROMPT, ATTEMPT, VERDICT, RESPONSE."""
    columns = text.split("\t")
    if len(columns) != 6:
        raise ValueError(f"{len(columns)} columns, and 6 were expected")
    record_id, model, prompt, attempt, word, response = columns
    if not model:
        raise ValueError("the model has no name")
    plain = attempt.isascii() and attempt.isdigit() and len(attempt) <= 20
    if not plain or not 1 <= int(attempt) <= 1_000_000:
        raise ValueError("the attempt is no number from 1 to 1000000")
    if word not in MEANING:
        raise ValueError(f"unknown verdict word `{word[:40]}`")
    outcome, verdict = MEANING[word]
    record = {
        "run_id": head["run"],
        "record_id": record_id,
        "model": {"name": model},
        "prompt": {"id": {"dataset": head["dataset"], "id": prompt}},
        "dataset": head["dataset"],
        "attempt": int(attempt),
        "outcome": outcome,
        "grades": [],
    }
    if outcome == "response":
        record["response_digest"] = hashlib.sha256(response.encode()).hexdigest()
        if keep_text:
            record["response_text"] = response
    if verdict is not None:
        grade = {"grader": head["grader"], "kind": "llm", "verdict": verdict, "raw": word}
        record["grades"].append(grade)
    return record


if __name__ == "__main__":
    main()
