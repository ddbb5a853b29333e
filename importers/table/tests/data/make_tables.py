"""Makes the Parquet, JSON and UTF-16 tables of this folder from its CSV and JSONL tables.

Written with pandas 3.1.1 and pyarrow 26.0.1: `python make_tables.py`.
"""

import datetime
import decimal
import json

import pandas
import pyarrow
import pyarrow.parquet as parquet

frame = pandas.read_csv("strongreject.csv", keep_default_na=False)
frame["score"] = pandas.to_numeric(frame["score"])  # an empty score becomes NaN
table = pyarrow.Table.from_pandas(frame, preserve_index=False)

writers = {
    "plain": dict(compression="none", use_dictionary=False),
    "snappy": dict(compression="snappy", row_group_size=10, data_page_size=64),
    "gzip": dict(compression="gzip", data_page_version="2.0", data_page_size=64),
    "zstd_delta": dict(
        compression="zstd",
        data_page_version="2.0",
        use_dictionary=False,
        column_encoding={
            "response": "DELTA_BYTE_ARRAY",
            "forbidden_prompt": "DELTA_LENGTH_BYTE_ARRAY",
            "refusal": "DELTA_BINARY_PACKED",
            "score": "BYTE_STREAM_SPLIT",
        },
    ),
    "lz4": dict(compression="lz4"),
}
for name, options in writers.items():
    parquet.write_table(table, f"strongreject_{name}.parquet", **options)

grades = pyarrow.list_(pyarrow.struct([("label", pyarrow.string()), ("score", pyarrow.float64())]))
schema = pyarrow.schema(
    [
        ("model", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
        ("reply", pyarrow.struct([("text", pyarrow.string()), ("status", pyarrow.string())])),
        ("grades", grades),
        ("votes", pyarrow.list_(pyarrow.bool_())),
        ("judge_score", pyarrow.float32()),
        ("price", pyarrow.decimal128(10, 2)),
        ("seen", pyarrow.timestamp("us", tz="UTC")),
        ("day", pyarrow.date32()),
        ("attempt", pyarrow.uint8()),
        ("unsafe", pyarrow.bool_()),
        ("blob", pyarrow.binary()),
        ("meta", pyarrow.map_(pyarrow.string(), pyarrow.string())),
    ]
)
moment = datetime.datetime(2025, 3, 1, 12, 30, 0, 250000, tzinfo=datetime.timezone.utc)


def row(number, **changes):
    values = {
        "model": "org/model-a",
        "reply": {"text": f"placeholder response {number}", "status": "ok"},
        "grades": [{"label": "unsafe", "score": 0.75}, {"label": "safe", "score": 0.1}],
        "votes": [True, False],
        "judge_score": 0.5,
        "price": decimal.Decimal("-0.05"),
        "seen": moment,
        "day": moment.date(),
        "attempt": number,
        "unsafe": True,
        "blob": b"\xff\x00",
        "meta": [("k", "v")],
    }
    return values | changes


rows = [
    row(1),
    row(2, grades=[{"label": "safe", "score": float("nan")}], votes=[False], unsafe=False),
    row(3, grades=[], votes=None, judge_score=float("nan"), unsafe=None),
    row(4, grades=None, votes=[], reply=None, seen=None, model="org/model-b"),
    row(5, grades=[None, {"label": None, "score": 1.0}], votes=[None], attempt=None),
    row(6, reply={"text": "", "status": "content_filter"}, judge_score=float("inf")),
]
nested = pyarrow.Table.from_pylist(rows, schema=schema)
parquet.write_table(nested, "nested.parquet", compression="snappy")

with open("generic.jsonl") as lines:
    objects = [json.loads(line) for line in lines.read().splitlines() if line.strip()]
with open("generic.json", "w") as file:
    json.dump(objects, file, indent=1)
with open("generic_wrapped.json", "w") as file:
    json.dump({"meta": {"n": len(objects)}, "data": {"rows": objects}}, file)

with open("strongreject_semicolon.csv", newline="", encoding="utf-8") as file:
    text = file.read()
for name, order in (("utf16le", "utf-16-le"), ("utf16be", "utf-16-be")):
    with open(f"strongreject_{name}.csv", "wb") as file:
        file.write(("\ufeff" + text.replace(";", "\t")).encode(order))
