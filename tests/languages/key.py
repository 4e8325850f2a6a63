"""The variant of a client by an affinity key, in Python: key.py < keys.jsonl.

Each line is {"key": HEX, "salt": TEXT, "total": NUMBER}. The answer has the 64 bits of the sample, and its point of the total. With a
canary of weight 30 of 100, the points 0 to 29 are the canary's.
"""

import json
import sys

import xxhash


def bits(key: bytes, salt: str) -> int:
    return xxhash.xxh64_intdigest(key, seed=xxhash.xxh64_intdigest(salt.encode(), seed=0))


def point(bits: int, total: int) -> int:
    return (bits * total) >> 64


for line in sys.stdin:
    case = json.loads(line)
    sample = bits(bytes.fromhex(case["key"]), case["salt"])
    print(f"{sample:016x} {point(sample, case['total'])}")
