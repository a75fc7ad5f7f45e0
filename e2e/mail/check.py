"""Checks every DKIM signature of a mail against the records of a zone, and prints which hold."""

import json
import re
import sys

import dkim

mail = open(sys.argv[1], "rb").read()
zone = json.load(open(sys.argv[2]))


def record(name, timeout=5):
    return zone.get(name.decode().rstrip(".") if isinstance(name, bytes) else name.rstrip("."), "").encode()


found = {}
count = len(re.findall(rb"^DKIM-Signature:", mail, re.M | re.I))
for place in range(count):
    one = dkim.DKIM(mail)
    held = one.verify(idx=place, dnsfunc=record)
    found[one.signature_fields[b"a"].decode()] = held
print(json.dumps(found))
