"""What `bin/run` asks about the web server: is its port free, and does it answer yet.

Each command prints a plain sentence and exits with 1 when the answer is no.
"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
PATIENCE = 120


def port_free() -> bool:
    """Whether the web server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in HOST else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, PORT))
        except OSError as error:
            print(f"Port {PORT} of {HOST} cannot be used: {error.strerror}.", file=sys.stderr)
            print(
                f"Is Intrakraft already running? If not, choose another port: PORT={PORT + 1} sh bin/run",
                file=sys.stderr,
            )
            return False
    return True


def answers(server: int) -> bool:
    """Whether the web server with this process id says that it is healthy within two minutes."""
    end = time.monotonic() + PATIENCE
    local = "127.0.0.1" if HOST in ("0.0.0.0", "::") else HOST
    while time.monotonic() < end:
        try:
            os.kill(server, 0)
            with urllib.request.urlopen(f"http://{local}:{PORT}/healthz", timeout=5) as answer:
                return answer.status == 200
        except ProcessLookupError:
            print("The web server has ended.", file=sys.stderr)
            return False
        except urllib.error.HTTPError as error:
            print(
                f"The web server is not healthy: {error.code} {error.read().decode(errors='replace')}", file=sys.stderr
            )
            return False
        except OSError:
            time.sleep(0.1)
    print(f"The web server has not answered for {PATIENCE} seconds.", file=sys.stderr)
    return False


if __name__ == "__main__":
    try:
        yes = port_free() if sys.argv[1:] == ["port-free"] else answers(int(sys.argv[2]))
    except KeyboardInterrupt:
        yes = False
    sys.exit(not yes)
