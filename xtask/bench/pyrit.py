#!/usr/bin/env python3
"""Time PyRIT's own memory interface: `pyrit.py DATABASE`.

Prints CPU seconds of reading every attack result and every message piece with
its scores.
"""

import sys

# This file's folder stands first, and its name is that of the package.
sys.path.pop(0)

import shutil
import tempfile
import time
from pathlib import Path


def main():
    with tempfile.TemporaryDirectory() as folder:
        # It may write to the file.
        copy = Path(folder) / "copy.db"
        shutil.copy(sys.argv[1], copy)
        from pyrit.memory import SQLiteMemory

        memory = SQLiteMemory(db_path=copy, skip_schema_migration=True, silent=True)
        before = time.process_time()
        pieces = memory.get_message_pieces()
        middle = time.process_time()
        print(f"measured {middle - before:.3f} get_message_pieces, {len(pieces)} pieces,")
        attacks = memory.get_attack_results()
        print(f"measured {time.process_time() - middle:.3f} get_attack_results, {len(attacks)} attacks,")
        print(f"measured {time.process_time() - before:.3f} both")


if __name__ == "__main__":
    main()
