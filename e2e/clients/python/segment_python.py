import segment.analytics as analytics
from life import DEVICE, KEY, ORDER, PAGE, URL, USER

analytics.write_key, analytics.host, analytics.gzip = KEY, URL, True
analytics.page(anonymous_id=DEVICE, name="Pricing", properties={"url": PAGE})
analytics.track(anonymous_id=DEVICE, event="Plan Compared", properties={"plan": "pro"})
analytics.identify(USER, anonymous_id=DEVICE, traits={"plan": "pro", "email": f"{USER}@example.org"})
analytics.alias(f"old-{USER}", USER)
analytics.group(USER, "acme", traits={"size": 12})
analytics.track(USER, "Order Completed", {**ORDER, "revenue": 42.5})
analytics.shutdown()
