"""What RE2 says of each case: its instructions, and which values it matches as a whole.

A case is {"regex": TEXT, "encoding": "bytes" or "utf8", "values": [HEX, ...]}; an answer is {"size": NUMBER, "matches": [BOOLEAN, ...]}
or {"error": TEXT}. Both are lines of JSON.
"""

import json
import sys

import re2

OPTIONS = {"bytes": re2.Options(), "utf8": re2.Options()}
OPTIONS["bytes"].encoding = re2.Options.Encoding.LATIN1
for options in OPTIONS.values():
    options.log_errors = False


def answer(case):
    try:
        regex = re2.compile(case["regex"].encode(), OPTIONS[case["encoding"]])
    except re2.error as error:
        return {"error": str(error)}
    matches = [regex.fullmatch(bytes.fromhex(value)) is not None for value in case["values"]]
    return {"size": regex.programsize, "matches": matches}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
