"""The limiter: a limit holds in one process and across many, and nobody can be read from its counters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import time_machine

from intrakraft.adapters.limiter import Limiter, network_of
from intrakraft.domain.errors import TooMany

pytestmark = pytest.mark.promise("P-126")


def tries(limiter: Limiter, key: str, limit: str, count: int = 1) -> list[bool]:
    return [passes(limiter, key, limit) for _ in range(count)]


def passes(limiter: Limiter, key: str, limit: str) -> bool:
    try:
        limiter.hit("sign_in.account", key, limit=limit)
    except TooMany:
        return False
    return True


@pytest.fixture(params=["memory", "valkey"])
def url(request) -> str:
    return "memory://" if request.param == "memory" else request.getfixturevalue("valkey")


def test_a_limit_holds_for_each_key_on_its_own(url):
    limiter = Limiter(url)
    assert tries(limiter, "asha", "3/hour", 5) == [True, True, True, False, False]
    assert passes(limiter, "bina", "3/hour")


def test_names_have_windows_of_their_own(url):
    limiter = Limiter(url)
    limiter.hit("sign_in.account", "asha", limit="1/hour")
    limiter.hit("code.account", "asha", limit="1/hour")


def test_fifty_at_once_pass_exactly_the_limit(url):
    limiter = Limiter(url)
    with ThreadPoolExecutor(50) as pool:
        passed = list(pool.map(lambda _: passes(limiter, "asha", "7/hour"), range(50)))
    assert sum(passed) == 7


def test_the_refusal_says_when_to_come_back(url):
    limiter = Limiter(url)
    limiter.hit("sign_in.account", "asha", limit="1/10 minutes")
    with pytest.raises(TooMany) as refused:
        limiter.hit("sign_in.account", "asha", limit="1/10 minutes")
    assert 595 <= refused.value.retry_after <= 600
    assert refused.value.params == {"minutes": 10}


def test_looking_counts_nothing_and_a_reset_forgets(url):
    limiter = Limiter(url)
    for _ in range(5):
        limiter.check("sign_in.account", "asha", limit="1/hour")
    limiter.hit("sign_in.account", "asha", limit="1/hour")
    with pytest.raises(TooMany):
        limiter.check("sign_in.account", "asha", limit="1/hour")
    limiter.reset("sign_in.account", "asha", limit="1/hour")
    assert passes(limiter, "asha", "1/hour")


def test_two_processes_share_one_limit(valkey):
    one, two = Limiter(valkey), Limiter(valkey)
    assert [passes(limiter, "asha", "3/hour") for limiter in (one, two, one, two, one)] == [True] * 3 + [False] * 2


def test_each_process_counts_alone_while_the_store_is_away():
    limiter = Limiter("redis://127.0.0.1:9")
    assert tries(limiter, "asha", "2/hour", 3) == [True, True, False]


def test_a_window_moves_instead_of_jumping():
    limiter = Limiter()
    with time_machine.travel("2026-11-24 10:00:00+00:00", tick=False) as clock:
        assert tries(limiter, "asha", "2/hour", 2) == [True, True]
        clock.shift(3599)
        assert not passes(limiter, "asha", "2/hour")
        clock.shift(2)
        assert passes(limiter, "asha", "2/hour")


def test_midnight_does_not_open_a_limit():
    limiter = Limiter()
    with time_machine.travel("2026-11-24 23:50:00+00:00", tick=False) as clock:
        assert tries(limiter, "asha", "3/hour", 2) == [True, True]
        clock.shift(20 * 60)
        assert tries(limiter, "asha", "3/hour", 2) == [True, False]
        with pytest.raises(TooMany) as refused:
            limiter.check("sign_in.account", "asha", limit="3/hour")
        assert refused.value.retry_after == 2400


@pytest.mark.promise("P-034")
def test_the_key_of_a_day_is_gone_an_hour_after_it():
    limiter = Limiter()
    with time_machine.travel("2026-11-24 12:00:00+00:00", tick=False) as clock:
        tries(limiter, "asha", "3/hour")
        clock.shift(13 * 3600 + 60)
        tries(limiter, "asha", "3/hour")
        assert [day.isoformat() for day in limiter._own._keys._keys] == ["2026-11-25"]


@pytest.mark.promise("P-034")
def test_the_shared_store_holds_neither_person_nor_lasting_key(valkey):
    Limiter(valkey).hit("sign_in.network", network_of("203.0.113.77"), limit="3/hour")
    Limiter(valkey).hit("sign_in.account", "asha@example.com", limit="3/hour")
    with redis.Redis.from_url(valkey) as client:
        names = client.keys()
        assert len(names) == 3
        assert not any(b"203.0" in name or b"asha" in name for name in names)
        assert all(0 < client.ttl(name) <= 25 * 3600 for name in names)


@pytest.mark.promise("P-034")
@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::77", "2001:db8:1::/48"),
        ("not an address", "none"),
        (None, "none"),
    ],
)
def test_an_address_is_cut_to_its_network(address, network):
    assert network_of(address) == network


def test_switched_off_it_counts_nothing():
    assert all(tries(Limiter(active=False), "asha", "1/hour", 5))
