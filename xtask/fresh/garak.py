#!/usr/bin/env python3
"""Make fresh garak reports with its test generators, and say what garak counts in them.

Usage: python3 xtask/fresh/garak.py FOLDER    (needs garak; no network, no keys)

Writes into FOLDER a few reports with their hit logs and `expected.json`: for
every report the counts of its own `eval` lines, so that an import can be
compared with them. Checked with garak 0.10.3, 0.13.0 and 0.17.1.

garak's dependencies are heavy (torch, transformers), and none of the heavy ones
is needed here. A small environment takes about a minute:

    pip install --no-deps garak
    pip install aiohttp avidtools==0.1.2 backoff cmd2==2.4.3 colorama ecoji ftfy httpx \
        huggingface_hub jinja2 jsonpath-ng jsonschema langdetect==1.0.9 lorem==0.1.1 markdown \
        mikeshardmind-base2048 nltk numpy pillow py-markdown-table python-magic pyyaml \
        requests stdlibs tiktoken tqdm wn==0.9.5 xdg-base-dirs zalgolib
"""

import sys

# This file's folder stands first, and its name is that of the package.
sys.path.pop(0)

import json
import os
import shutil
import subprocess
from pathlib import Path

import garak

PROBES = "test.Test,ansiescape.AnsiRaw,goodside.Tag"

# Name, generator, probes, generations, evaluation threshold.
RUNS = [
    ("blank", "test.Blank", PROBES, 2, None),
    ("repeat", "test.Repeat", PROBES, 3, None),
    # Scores of 0 and 1 agree with any threshold between.
    ("strict", "test.Repeat", "test.Test,ansiescape.AnsiRaw", 1, 0.9),
    # `encoding.DecodeApprox` gives scores between 0 and 1.
    ("approximate", "test.Repeat", "encoding.InjectBase64,encoding.InjectROT13", 2, None),
    ("approximate-strict", "test.Repeat", "encoding.InjectBase64,encoding.InjectROT13", 2, 0.01),
]


def run(home, name, generator, probes, generations, threshold):
    """One run; returns its report."""
    config = {"run": {"seed": 1, "soft_probe_prompt_cap": 8}, "reporting": {"report_prefix": name}}
    if threshold is not None:
        config["run"]["eval_threshold"] = threshold
    path = home / f"{name}.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(config))
    target = "--target_type" if version() >= (0, 13, 1) else "--model_type"
    command = [sys.executable, "-m", "garak", "--config", str(path), "--report_prefix", name]
    command += [target, generator, "--probes", probes, "--generations", str(generations)]
    environment = dict(os.environ)
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        environment[variable] = str(home / variable.lower())
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"garak failed on `{name}`:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    [report] = home.rglob(f"{name}.report.jsonl")
    return report


def version():
    """The version as numbers, without what stands behind them (`0.14.0.pre1`)."""
    return tuple(int(part) for part in garak.__version__.split(".")[:3])


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def expected(path):
    """What garak wrote of its own counts, and how many outputs it saw."""
    entries = lines(path)
    done = [e for e in entries if e["entry_type"] == "attempt" and e["status"] == 2]
    records = [
        {
            "probe": e["probe"],
            "detector": e["detector"].removeprefix("detector."),
            "passed": e["passed"],
            "fails": e.get("fails", e.get("total", 0) - e["passed"]),
            "nones": e.get("nones", 0),
        }
        for e in entries
        if e["entry_type"] == "eval"
    ]
    return {
        "garak_version": garak.__version__,
        "n_completed_attempts": len(done),
        "outputs_in_completed": sum(len(e["outputs"]) for e in done),
        "n_verdicts": sum(len(s) for e in done for s in e["detector_results"].values()),
        "eval_records": records,
    }


def main():
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    files = {}
    for name, *settings in RUNS:
        report = run(home, name, *settings)
        for source in (report, report.with_name(f"{name}.hitlog.jsonl")):
            if source.exists():
                shutil.copy(source, folder / source.name)
        files[report.name] = expected(folder / report.name)
    shutil.rmtree(home)
    reader = "garak's own `eval` lines in the same file"
    text = json.dumps({"reader": reader, "files": files}, indent=1)
    (folder / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
