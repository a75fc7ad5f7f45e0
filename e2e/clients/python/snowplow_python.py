from life import DEVICE, KEY, ORDER, PAGE, URL, USER
from urllib.parse import urlsplit
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, StructuredEvent, Subject, Tracker

end = urlsplit(URL)
emitter = Emitter(end.hostname, protocol="http", port=end.port, method="post", batch_size=10)
subject = Subject().set_user_id(USER).set_domain_user_id(DEVICE)
tracker = Tracker("py", emitter, subject=subject, app_id=KEY)
tracker.track(PageView(page_url=PAGE, page_title="Pricing"))
tracker.track(SelfDescribing(SelfDescribingJson("iglu:example.org/plan_compared/jsonschema/1-0-0", {"plan": "pro"})))
tracker.track(StructuredEvent(category="shop", action="Order Completed", label=ORDER["order_id"], value=42.5))
tracker.flush()
