"""What PCRE says of each case: in which values it finds a pattern, by ngx.re.match without options: ask_pcre.py LIBRARY.

A case is {"pattern": TEXT, "values": [HEX, ...]}; an answer is {"matches": [BOOLEAN or null, ...]} or {"error": TEXT}. Both are lines
of JSON. null: PCRE gave up, because it tried too often.
"""

import ctypes
import json
import sys

PCRE = ctypes.CDLL(sys.argv[1])
PCRE.pcre_compile.restype = ctypes.c_void_p
PCRE.pcre_study.restype = ctypes.c_void_p
PCRE.pcre_version.restype = ctypes.c_char_p
FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p).in_dll(PCRE, "pcre_free")

NO_MATCH, MATCH_LIMIT, RECURSION_LIMIT = -1, -8, -21


def found(pattern, study, value):
    code = PCRE.pcre_exec(ctypes.c_void_p(pattern), ctypes.c_void_p(study), value, len(value), 0, 0, None, 0)
    if code in (MATCH_LIMIT, RECURSION_LIMIT):
        return None
    if code < NO_MATCH:
        raise SystemExit(f"pcre_exec: {code}")
    return code >= 0


def answer(case):
    error, at = ctypes.c_char_p(), ctypes.c_int()
    pattern = PCRE.pcre_compile(case["pattern"].encode(), 0, ctypes.byref(error), ctypes.byref(at), None)
    if not pattern:
        return {"error": f"{error.value.decode()} at {at.value}"}
    study = PCRE.pcre_study(ctypes.c_void_p(pattern), 0, ctypes.byref(error))
    matches = [found(pattern, study, bytes.fromhex(value)) for value in case["values"]]
    if study:
        PCRE.pcre_free_study(ctypes.c_void_p(study))
    FREE(pattern)
    return {"matches": matches}


print(PCRE.pcre_version().decode(), file=sys.stderr)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
