import json
from datetime import datetime, timezone

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from life import KEY, ORDER, URL, USER


def say(number, kind, data):
    attributes = {
        "id": f"{USER}-{number}", "type": kind, "source": "https://till.example/1", "specversion": "1.0",
        "subject": USER, "time": datetime.now(timezone.utc),
    }
    return CloudEvent(attributes=attributes, data=data)


def send(message):
    headers = {**message.headers, "authorization": f"Bearer {KEY}"}
    requests.post(f"{URL}/cloudevents", data=message.body, headers=headers, timeout=30).raise_for_status()


send(to_binary_event(say(1, "Plan Compared", {"plan": "pro"})))
send(to_structured_event(say(2, "Order Completed", {**ORDER, "revenue": 42.5})))
