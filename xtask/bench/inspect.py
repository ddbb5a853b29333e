#!/usr/bin/env python3
"""Time Inspect's own data frames of samples: `inspect.py LOG`.

Prints CPU seconds, those of child processes included, of reading alone.
"""

import sys

# This file's folder stands first, and its name is that of a standard module.
sys.path.pop(0)

import resource

import pandas  # noqa: F401 (loaded before the clock runs)
import pyarrow  # noqa: F401
from inspect_ai.analysis import SampleSummary, samples_df


def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main():
    for full, name in ((False, "samples_df (reads the summaries alone)"), (True, "samples_df(full=True)")):
        before = cpu()
        frame = samples_df(sys.argv[1], columns=SampleSummary, full=full, quiet=True)
        print(f"measured {cpu() - before:.3f} {name}, {len(frame)} samples,")


if __name__ == "__main__":
    main()
