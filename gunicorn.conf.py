"""Settings of the web server: one gevent worker, which patches the standard library before it imports the application.

Nothing here imports the application, and `preload_app` stays off: a patch that comes after an import comes too late.
"""

import gc
import os
import signal

wsgi_app = "wsgi:app"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gevent"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))  # SQLite: exactly one; PostgreSQL with a shared limiter: more
worker_connections = 6000  # an open event stream holds one; 5,000 of them were measured on one worker
preload_app = False

keepalive = 75  # a phone on a slow network pays three round trips for a new connection
timeout = 60
graceful_timeout = 5  # event streams never end by themselves

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

accesslog = None  # addresses of visitors belong in the sealed log only (P-034)
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "error")
umask = 0o077
proc_name = "intrakraft"


def post_worker_init(worker):
    """Ctrl-C in a terminal reaches every process; the master hears it and tells the worker, once.

    What was imported stays for good: the collector need not walk it again, and looks less often for the rest.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
