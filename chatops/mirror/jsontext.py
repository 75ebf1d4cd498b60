"""JSON as it is stored and answered: compact, text as it is."""

import json

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
#: One encoder for all: `json.dumps` makes a new one per call.
dumps = _ENCODER.encode
