"""The web server patches the standard library before it imports an application, and writes nobody's address down."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.servers import free_port

PROBE = """
import json, threading
from gevent import monkey

SEEN = {name: monkey.is_module_patched(name) for name in ("socket", "ssl", "threading", "select", "subprocess")}
SEEN["lock"] = type(threading.Lock()).__module__

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(SEEN).encode()]
"""


@pytest.mark.long
def test_everything_is_patched_before_the_application_is_imported(root, tmp_path):
    (tmp_path / "probe.py").write_text(PROBE)
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "gunicorn", "-c", root / "gunicorn.conf.py", "probe:app"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            seen = json.loads(fetch(f"http://127.0.0.1:{port}/?token=secret"))
        finally:
            server.terminate()
            server.wait(20)
    assert all(seen.values()) and seen["lock"].startswith("gevent")
    said = (tmp_path / "log").read_text()
    assert "MonkeyPatchWarning" not in said and "127.0.0.1 -" not in said and "secret" not in said


def fetch(url: str) -> bytes:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer")
