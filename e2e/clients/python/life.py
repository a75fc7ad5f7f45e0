"""What every client in Python tells: the same small life. URL and KEY are all that a user changes."""
import os

URL, KEY, NAME = (os.environ[f"TOUCHLINE_{name}"] for name in ("URL", "KEY", "NAME"))
USER, DEVICE = f"user-{NAME}", f"device-{NAME}"
PAGE = "http://shop.example/pricing?utm_source=letter&utm_medium=email&utm_campaign=autumn"
ORDER = {"order_id": f"order-{NAME}", "currency": "EUR", "coupon": "AUTUMN"}
