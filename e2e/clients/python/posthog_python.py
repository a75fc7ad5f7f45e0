from life import DEVICE, KEY, ORDER, PAGE, URL, USER
from posthog import Posthog

posthog = Posthog(KEY, host=URL, gzip=True)
posthog.capture("$pageview", distinct_id=DEVICE, properties={"$current_url": PAGE})
posthog.capture("Plan Compared", distinct_id=DEVICE, properties={"plan": "pro"})
posthog.capture("$identify", distinct_id=USER, properties={"$anon_distinct_id": DEVICE, "$set": {"plan": "pro"}})
posthog.set(distinct_id=USER, properties={"email": f"{USER}@example.org"})
posthog.alias(previous_id=f"old-{USER}", distinct_id=USER)
posthog.group_identify("company", "acme", {"size": 12})
posthog.capture("Order Completed", distinct_id=USER, properties={**ORDER, "revenue": 42.5})
posthog.shutdown()
