import umami
from life import KEY, URL, USER

umami.set_url_base(URL)
umami.set_website_id(KEY)
umami.set_hostname("shop.example")
umami.new_page_view("Pricing", "/pricing?utm_source=letter&utm_medium=email&utm_campaign=autumn")
umami.new_event("Plan Compared", url="/pricing", custom_data={"plan": "pro"})
umami.new_revenue_event(42.5, "EUR", url="/pricing", distinct_id=USER)
