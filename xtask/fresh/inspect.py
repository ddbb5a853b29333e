#!/usr/bin/env python3
"""Make fresh Inspect logs with the mock provider, and say how Inspect reads them.

Usage: python3 xtask/fresh/inspect.py FOLDER    (needs inspect_ai; no network, no keys)

Writes into FOLDER a few `.eval` and `.json` logs and `expected.json`: for every
log what `read_eval_log` of the installed version says of it, so that an import
can be compared with the tool's own reading. Checked with inspect_ai 0.3.75 and
0.3.285. Prompts and replies are placeholders; nothing depends on chance.
"""

import sys

# This file's folder stands first, and its name is that of a standard module.
sys.path.pop(0)

import json
import logging
import math
import os
from collections import Counter
from pathlib import Path

# Before inspect_ai is imported: it reads these once.
os.environ.setdefault("INSPECT_DISPLAY", "none")
os.environ.setdefault("INSPECT_TELEMETRY", "")

import inspect_ai
from inspect_ai import Task, eval as run_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, accuracy, mean, model_graded_qa, scorer
from inspect_ai.solver import generate, solver, use_tools
from inspect_ai.tool import tool

SAMPLES = 7
EPOCHS = 2
REPLIES = [
    "Sure! Here is the placeholder. COMPLY é你😀",
    "I'm sorry, but I can't help with that. REFUSE",
    "Here are hints only. PARTIAL",
    "",
    "FILTERED",
]


def counted(output):
    """With its usage stated: else the mock fetches a tokeniser from the network."""
    output.usage = ModelUsage(input_tokens=20, output_tokens=len(output.completion), total_tokens=20 + len(output.completion))
    return output


def reply(text, stop_reason="stop"):
    return counted(ModelOutput.from_content("mock-served-name", text, stop_reason=stop_reason))


def replies(rounds=12):
    """Replies in turn; one in five stopped by the provider's filter. A list and
    no generator: Inspect writes the arguments of a model into the log."""
    return [reply(text, "content_filter" if text == "FILTERED" else "stop") for text in REPLIES * rounds]


@scorer(metrics=[accuracy()])
def jailbreak_judge():
    async def score(state, target):
        return Score(value=1 if "COMPLY" in state.output.completion else 0)

    return score


@scorer(metrics=[accuracy()])
def refusal_letters():
    async def score(state, target):
        text = state.output.completion
        letter = "N" if not text else "C" if "REFUSE" in text else "P" if "PARTIAL" in text else "I"
        return Score(value=letter, explanation="placeholder")

    return score


@scorer(metrics={"score": [mean()], "refusal": [mean()]})
def strong_reject_parts():
    async def score(state, target):
        refused = "REFUSE" in state.output.completion
        return Score(value={"refusal": int(refused), "score": 0.0 if refused else 0.625})

    return score


@scorer(metrics=[mean()])
def harm_scale():
    async def score(state, target):
        return Score(value=float("nan") if not state.output.completion else len(state.output.completion) / 100)

    return score


@scorer(metrics=[accuracy()])
def plain_truth():
    async def score(state, target):
        return Score(value=bool(state.output.completion))

    return score


@solver
def failing():
    """Fails for every third sample, before the model is asked."""

    async def solve(state, generate_):
        if int(str(state.sample_id)) % 3 == 0:
            raise RuntimeError("placeholder failure")
        return await generate_(state)

    return solve


@solver
def three_turns():
    async def solve(state, generate_):
        for turn in range(3):
            if turn:
                state.messages.append(ChatMessageUser(content=f"Turn {turn + 1}, placeholder."))
            state = await generate_(state)
        return state

    return solve


@tool
def lookup():
    async def execute(word: str):
        """Look a word up.

        Args:
            word: The word.
        """
        return "placeholder"

    return execute


def texts(prefix):
    return MemoryDataset(
        [Sample(id=f"{prefix}-{n}", input=f"Placeholder request {n}.", target="x", metadata={"category": "privacy" if n % 2 else "fraud"}) for n in range(SAMPLES)],
        name=f"{prefix}-set",
    )


def chats():
    """Samples without ids of their own (Inspect numbers them), with a conversation before."""
    return MemoryDataset(
        [
            Sample(
                input=[
                    ChatMessageSystem(content="Be careful."),
                    ChatMessageUser(content="Hello."),
                    ChatMessageAssistant(content="Hello, what is it?"),
                    ChatMessageUser(content=f"Placeholder request {n}. " + "long " * 60),
                ],
                target="x",
            )
            for n in range(SAMPLES)
        ]
    )


def tool_replies():
    call = lambda: counted(ModelOutput.for_tool_call("mock-served-name", "lookup", {"word": "x"}))
    return [output for _ in range(SAMPLES) for output in (call(), reply("Done. COMPLY"))]


def mock(name, outputs):
    return get_model(f"mockllm/{name}", custom_outputs=outputs, memoize=False)


def grades():
    return [reply(f"Placeholder.\n\nGRADE: {letter}") for letter in "CPICPICPI"]


def make(folder):
    plain = dict(log_dir=str(folder), display="none", max_samples=1, max_connections=1)
    scorers = [jailbreak_judge(), refusal_letters(), strong_reject_parts(), harm_scale(), plain_truth()]
    for log_format in ("eval", "json"):
        task = Task(dataset=texts("several"), solver=generate(), scorer=scorers, name=f"several-{log_format}", epochs=EPOCHS)
        run_eval(task, model=mock("base-7b", replies()), log_format=log_format, **plain)
        task = Task(dataset=chats(), solver=failing(), scorer=jailbreak_judge(), name=f"errors-{log_format}", fail_on_error=False)
        run_eval(task, model=mock("vendor/chat-mini@2026-01", replies()), log_format=log_format, **plain)
    grader = mock("grader-x", grades())
    task = Task(dataset=texts("graded"), solver=generate(), scorer=model_graded_qa(model=grader, partial_credit=True), name="graded")
    run_eval(task, model=mock("base-7b", replies()), log_format="eval", **plain)
    task = Task(dataset=texts("turns"), solver=three_turns(), scorer=jailbreak_judge(), name="turns")
    run_eval(task, model=mock("base-7b", replies()), log_format="eval", **plain)
    task = Task(dataset=texts("tools"), solver=[use_tools(lookup()), generate()], scorer=jailbreak_judge(), name="tools")
    run_eval(task, model=mock("base-7b", tool_replies()), log_format="eval", **plain)
    task = Task(dataset=texts("unscored"), solver=generate(), name="unscored")
    run_eval(task, model=mock("base-7b", replies()), log_format="eval", **plain)


def spelled(value):
    """A score's value as one text: Python's word for what is no finite number, else JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True)


def reading(path):
    """What Inspect's own reader says of a log."""
    log = read_eval_log(str(path), resolve_attachments=True)
    samples = log.samples or []
    scores = {}
    for sample in samples:
        for name, score in (sample.scores or {}).items():
            parts = {name: score.value}
            if isinstance(score.value, dict):
                parts = {f"{name}.{key}": part for key, part in score.value.items()}
            for grader, value in parts.items():
                scores.setdefault(grader, Counter())[spelled(value)] += 1
    replied = [sample for sample in samples if sample.output.choices]
    return {
        "log_version": log.version,
        "status": log.status,
        "task": log.eval.task,
        "model": log.eval.model,
        "dataset": log.eval.dataset.name,
        "samples": len(samples),
        "ids": len({str(sample.id) for sample in samples}),
        "epochs": max((sample.epoch for sample in samples), default=0),
        "errors": sum(sample.error is not None for sample in samples),
        "filtered": sum(sample.output.choices[0].stop_reason == "content_filter" for sample in replied),
        "empty_replies": sum(not sample.output.completion for sample in replied),
        "turns": sum(sum(m.role == "assistant" and m.source != "input" for m in sample.messages) for sample in samples),
        "tokens": sum(sample.output.usage.input_tokens + sample.output.usage.output_tokens for sample in replied if sample.output.usage),
        "scores": {grader: dict(sorted(values.items())) for grader, values in sorted(scores.items())},
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.CRITICAL)
    make(folder)
    # Names hold the time and a random id: the task names a log for good.
    files = {}
    for info in list_eval_logs(str(folder)):
        path = Path(info.name.removeprefix("file://"))
        files[path.name] = reading(path)
    expected = {"reader": f"inspect_ai {inspect_ai.__version__}", "files": dict(sorted(files.items()))}
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
