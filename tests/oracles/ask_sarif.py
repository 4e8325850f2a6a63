"""What the JSON schema of SARIF 2.1.0 says of each case. The argument is the file of the schema.

A case is a SARIF log; an answer is a list of what is wrong with it. Both are lines of JSON.
"""

import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)

for line in sys.stdin:
    errors = validator.iter_errors(json.loads(line))
    print(json.dumps([f"{error.json_path}: {error.message}" for error in errors]))
