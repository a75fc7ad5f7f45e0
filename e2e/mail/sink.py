"""Takes mail on a port and prints each as a line of JSON."""

import json
import sys
import threading

from aiosmtpd.controller import Controller


class Sink:
    async def handle_DATA(self, server, session, envelope):
        taken = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "source": envelope.content.decode("utf-8", "replace")}
        print(json.dumps(taken), flush=True)
        return "250 taken"


Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
print("ready", flush=True)
threading.Event().wait()
