"""A pretalx server with a programme, run by the Python that has pretalx installed.

It prints a JSON document when it is ready, and then answers each line on stdin, which is the name of an edit and its
arguments as JSON, with another one. It ends with its stdin.
"""

import io
import json
import sys
import threading
from contextlib import redirect_stdout
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: stdout and stderr are pipes."""


def main() -> None:
    django.setup()  # before anything with models is imported
    import programme
    from django.core.management import call_command
    from pretalx.wsgi import application

    answers = sys.stdout
    with redirect_stdout(io.StringIO()):  # what pretalx's commands print
        call_command("migrate", verbosity=0)
        programme.create()
    server = make_server("127.0.0.1", 0, application, server_class=Server, handler_class=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), file=answers, flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(programme.EDITS[name](*arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main()
