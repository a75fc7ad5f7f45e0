import time

from life import DEVICE, KEY, ORDER, PAGE, URL, USER
from mixpanel import Consumer, Mixpanel

consumer = Consumer(
    events_url=f"{URL}/track", people_url=f"{URL}/engage", groups_url=f"{URL}/groups", import_url=f"{URL}/import"
)
mixpanel = Mixpanel(KEY, consumer=consumer)
mixpanel.track(f"$device:{DEVICE}", "$mp_web_page_view", {"$device_id": DEVICE, "current_url": PAGE})
mixpanel.track(USER, "Plan Compared", {"$device_id": DEVICE, "$user_id": USER, "plan": "pro"})
mixpanel.people_set(USER, {"plan": "pro", "$email": f"{USER}@example.org"})
# Not `alias`: this client sends that to its makers, whatever the address it was given.
mixpanel.merge(KEY, USER, f"old-{USER}", api_secret="unused")
mixpanel.group_set("company", "acme", {"size": 12})
mixpanel.track(USER, "Order Completed", {**ORDER, "revenue": 42.5})
mixpanel.import_data(KEY, USER, "Shop Visited", int(time.time()) - 30 * 86400, api_secret="unused")
