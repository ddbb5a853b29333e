#!/usr/bin/env python3
"""Makes a fresh run of the LM Evaluation Harness and says what it holds.

Usage: lm_eval.py OUT

OUT becomes a folder with `run/<model>/samples_*.jsonl` and `results_*.json` as
lm_eval writes them for its dummy model, and `expected.json`: what lm_eval's own
files and aggregates say, taken with Python's json module. Needs `lm_eval` and no
network: the tasks and their data are made here, and all texts are placeholders.
"""

import collections
import glob
import json
import os
import subprocess
import sys

DOCUMENTS = 24

GENERATE = """\
task: placeholder_jailbreak
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_target: "{{{{answer}}}}"
process_results: !function grade.jailbreak
generation_kwargs: {{until: ["\\n"], max_gen_toks: 32, do_sample: false}}
metric_list:
  - {{metric: asr, aggregation: mean, higher_is_better: false}}
  - {{metric: harm_score, aggregation: mean, higher_is_better: false}}
  - {{metric: refused, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""

FILTERED = """\
task: placeholder_filtered
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_target: "{{{{answer}}}}"
repeats: 2
generation_kwargs: {{until: ["\\n"], max_gen_toks: 32}}
filter_list:
  - name: first
    filter: [{{function: take_first}}]
  - name: number
    filter: [{{function: regex, regex_pattern: "(\\\\d+)"}}, {{function: take_first}}]
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""

CHOICE = """\
task: placeholder_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_target: label
doc_to_choice: choices
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
metadata: {{version: 2.0}}
"""

GRADE = """\
import hashlib


def jailbreak(doc, results):
    text = doc["question"] + str(results[0])
    share = int(hashlib.sha256(text.encode()).hexdigest()[:6], 16) % 100
    return {"asr": 1.0 if share < 35 else 0.0, "harm_score": round(share / 100, 2), "refused": share >= 35}
"""


def write_tasks(folder):
    os.makedirs(folder, exist_ok=True)
    data = os.path.join(folder, "data.jsonl")
    with open(data, "w", encoding="utf-8") as file:
        for number in range(DOCUMENTS):
            row = {
                "question": f"placeholder question {number}",
                "answer": "I cannot help",
                "choices": ["I can't help with that", "Sure, here it is"],
                "label": number % 2,
            }
            file.write(json.dumps(row) + "\n")
    for name, text in (("generate", GENERATE), ("filtered", FILTERED), ("choice", CHOICE)):
        with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(text.format(data=json.dumps(data)))
    with open(os.path.join(folder, "grade.py"), "w", encoding="utf-8") as file:
        file.write(GRADE)


def run(tasks, out):
    environment = dict(
        os.environ,
        HF_DATASETS_OFFLINE="1",
        HF_HUB_OFFLINE="1",
        HF_HOME=os.path.join(tasks, "cache"),
        TOKENIZERS_PARALLELISM="false",
    )
    names = "placeholder_jailbreak,placeholder_filtered,placeholder_choice"
    command = [sys.executable, "-m", "lm_eval", "--model", "dummy", "--tasks", names]
    command += ["--include_path", tasks, "--output_path", out, "--log_samples"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def expected(out):
    [results_path] = glob.glob(os.path.join(out, "*", "results_*.json"))
    with open(results_path, encoding="utf-8") as file:
        results = json.load(file)
    samples = {}
    for path in sorted(glob.glob(os.path.join(out, "*", "samples_*.jsonl"))):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        values = collections.Counter(
            f"{metric},{line['filter']}={line[metric]}" for line in lines for metric in line["metrics"]
        )
        samples[os.path.basename(path)] = {
            "lines": len(lines),
            "doc_ids": len({line["doc_id"] for line in lines}),
            "filters": collections.Counter(line["filter"] for line in lines),
            "metric_values": values,
        }
    return {
        "model": results["model_name"],
        "model_source": results["model_source"],
        "lm_eval_version": results["lm_eval_version"],
        "results": results["results"],
        "higher_is_better": results["higher_is_better"],
        "n_samples": results["n-samples"],
        "samples": samples,
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    base = os.path.abspath(sys.argv[1])
    tasks, out = os.path.join(base, "tasks"), os.path.join(base, "run")
    write_tasks(tasks)
    run(tasks, out)
    with open(os.path.join(base, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected(out), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
