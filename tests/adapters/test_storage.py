"""Storage of files, against a real folder and a real S3 server over HTTP.

Both keep the same promises: whole writes, typed errors, and no key that could leave its place.
"""

import json
import os
import subprocess
import sys
import threading

import pytest

from intrakraft.adapters.storage import CHUNK_BYTES, BadKey, Missing, OutOfRange, Storage, Unavailable

pytestmark = [pytest.mark.promise("P-016"), pytest.mark.long]


@pytest.fixture
def bucket(s3):
    """The address of a folder in an empty bucket, with the key pair it takes."""
    return {
        "url": f"s3://{s3.bucket}/pictures?endpoint={s3.endpoint}&region={s3.region}",
        "key": s3.key,
        "secret": s3.secret,
    }


@pytest.fixture(params=["folder", "s3"])
def storage(request, tmp_path):
    if request.param == "folder":
        return Storage.from_url((tmp_path / "uploads").as_uri())
    return Storage.from_url(**request.getfixturevalue("bucket"))


def test_what_is_put_comes_back_whole_and_by_ranges(storage):
    storage.put("photo/7/list-208.webp", b"0123456789", "image/webp")
    assert storage.get("photo/7/list-208.webp") == b"0123456789"
    assert storage.get("photo/7/list-208.webp", start=2, end=5) == b"234"
    assert storage.get("photo/7/list-208.webp", start=7) == b"789"
    assert storage.get("photo/7/list-208.webp", end=400) == b"0123456789"
    assert storage.size("photo/7/list-208.webp") == 10


def test_a_large_file_streams_in_pieces(storage):
    data = os.urandom(3 * CHUNK_BYTES + 17)
    storage.put("film.bin", data, "application/octet-stream")
    pieces = list(storage.stream("film.bin", start=5))
    assert b"".join(pieces) == data[5:]
    assert all(type(piece) is bytes for piece in pieces)


def test_a_second_put_takes_the_place_of_the_first(storage):
    storage.put("a.txt", b"long first text", "text/plain")
    storage.put("a.txt", b"short", "text/plain")
    assert storage.get("a.txt") == b"short"


def test_an_empty_file_is_a_file(storage):
    storage.put("empty", b"", "text/plain")
    assert storage.exists("empty") and storage.get("empty") == b"" and storage.size("empty") == 0


def test_a_missing_file_is_missing_in_every_reading(storage):
    assert not storage.exists("nobody")
    for reading in (storage.get, storage.size, storage.stream):
        with pytest.raises(Missing) as refusal:
            reading("nobody")
        assert refusal.value.status == 404


def test_a_range_behind_the_end_is_named_as_such(storage):
    storage.put("ten", b"0123456789", "text/plain")
    with pytest.raises(OutOfRange):
        storage.get("ten", start=10)
    with pytest.raises(Missing):
        storage.get("nobody", start=10)


def test_a_deleted_file_is_gone_and_deleting_again_is_no_error(storage):
    storage.put("photo/1", b"x", "image/webp")
    storage.delete("photo/1")
    storage.delete("photo/1")
    assert not storage.exists("photo/1")
    assert list(storage.list()) == []


def test_a_prefix_is_listed_and_removed_by_whole_parts(storage):
    for key in ("photo/7/a", "photo/7/b/c", "photo/77/a", "photo/7.txt"):
        storage.put(key, b"x", "text/plain")
    assert sorted(storage.list("photo/7")) == sorted(storage.list("photo/7/")) == ["photo/7/a", "photo/7/b/c"]
    assert storage.delete_prefix("photo/7") == 2
    assert sorted(storage.list()) == ["photo/7.txt", "photo/77/a"]
    assert list(storage.list("nothing")) == []


def test_parallel_puts_of_one_key_leave_one_whole_file(storage):
    bodies = [bytes([n]) * 40_000 for n in range(8)]
    threads = [threading.Thread(target=storage.put, args=("same", body, "image/webp")) for body in bodies]
    for thread in threads:
        thread.start()
    seen = [storage.get("same") for _ in range(20) if storage.exists("same")]
    for thread in threads:
        thread.join()
    assert storage.get("same") in bodies
    assert all(body in bodies for body in seen)


def test_no_hostile_file_name_can_be_a_key(storage, shared_data):
    names = json.loads((shared_data / "hostile" / "file_names.json").read_text(encoding="utf-8"))
    harmless = {"x.php.jpg", "x.jpg.php", "con.jpg", "a/b.jpg", "x.jpg."}
    ours = {"", "/", "a//b", "a/../b", "a\x00b", "a/.b", "x" * 201, "A", "a#1", "a\n", "é"}
    for name in set(names) - harmless | ours:
        for act in (storage.get, storage.size, storage.exists, storage.delete, storage.delete_prefix):
            with pytest.raises(BadKey):
                act(name)
        with pytest.raises(BadKey):
            storage.put(name, b"x", "image/jpeg")


def test_the_folder_is_closed_to_other_people(tmp_path):
    storage = Storage.from_url(str(tmp_path / "deep" / "uploads"))
    storage.put("a", b"x", "text/plain")
    assert (tmp_path / "deep" / "uploads").stat().st_mode & 0o077 == 0
    assert (tmp_path / "deep" / "uploads" / "a").read_bytes() == b"x"


def test_the_bucket_is_told_what_a_file_is(s3, bucket):
    Storage.from_url(**bucket).put("a.avif", b"x", "image/avif")
    kept = s3.client().get_object(Bucket=s3.bucket, Key="pictures/a.avif")
    assert (kept["ContentType"], kept["Body"].read()) == ("image/avif", b"x")


def test_a_store_that_does_not_answer_is_unavailable_not_missing():
    storage = Storage.from_url("s3://goods-pictures?endpoint=http://127.0.0.1:9", key="key", secret="secret")
    with pytest.raises(Unavailable) as refusal:
        storage.exists("a")
    assert refusal.value.status == 503 and refusal.value.__cause__ is not None


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "s3://bucket?acl=public-read", "https://host/bucket"])
def test_an_address_of_another_kind_is_refused_at_the_start(url):
    with pytest.raises(ValueError, match="storage_url"):
        Storage.from_url(url)


def test_settings_name_the_store(tmp_path):
    from intrakraft.config import load

    settings = load(instance=tmp_path)
    Storage.from_settings(settings).put("a", b"x", "text/plain")
    assert (tmp_path / "uploads" / "a").read_bytes() == b"x"


def test_reading_a_bucket_leaves_the_event_loop_free(bucket):
    scene = """
from gevent import monkey; monkey.patch_all()
import sys, gevent
from intrakraft.adapters import storage as module
from intrakraft.adapters.offload import _in_thread
store = module.Storage.from_url(sys.argv[1], key=sys.argv[2], secret=sys.argv[3])
store.put("a", b"x" * 100_000, "text/plain")
ran_inside = []
opened = module.Storage._opened
module.Storage._opened = lambda *args: ran_inside.append(_in_thread.get()) or opened(*args)
jobs = [gevent.spawn(store.get, "a") for _ in range(20)]
assert all(len(job.get(timeout=20)) == 100_000 for job in jobs)
assert ran_inside == [True] * 20
print("free")
"""
    done = subprocess.run([sys.executable, "-c", scene, *bucket.values()], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("free", 0), done.stderr
