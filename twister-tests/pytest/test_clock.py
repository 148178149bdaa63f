# SPDX-License-Identifier: Apache-2.0
"""The clock of a device that asks SNTP servers for the time.

A limit of 3 s is less than the first pause: every server is asked once.
"""

import re
import shutil
import time
from datetime import datetime, timezone

import pytest

from peer import free_port
from server import TlsClient
from sntp import Chrony, SntpServer, answer
from test_handshakes import certificate

DAY = 86400


def seconds(*date):
    return int(datetime(*date, tzinfo=timezone.utc).timestamp())


def day(at):
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d")


@pytest.fixture
def sntp():
    """Starts SNTP servers; what was started ends with the test."""
    started = []

    def start(answers=None):
        started.append(SntpServer(answers))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def chrony(tmp_path):
    """Starts chronyd; what was started ends with the test."""
    program = shutil.which("chronyd", path="/usr/sbin:/usr/local/sbin") or shutil.which("chronyd")
    if not program:
        pytest.skip("chronyd is not installed")
    started = []

    def start(*lines):
        started.append(Chrony(program, tmp_path, *lines))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def says(at, **wrong):
    """A server that says it is then, and is wrong in that."""
    return lambda request, count: answer(request, at, **wrong)


def connect(device, peer, pki, servers, *arguments, mode="server-auth"):
    """A client in mode 2 that asks `servers` first."""
    servers = ",".join(server if isinstance(server, str) else server.address for server in servers)
    return device.run(
        peer if isinstance(peer, str) else peer.peer,
        f"--mode={mode}", f"--credentials={pki}/ec", "--server-name=device.test",
        f"--sntp={servers}", *arguments,
    )


def nobody():
    """Where nobody listens: whoever gets there has its clock set."""
    return f"--peer=127.0.0.1:{free_port()}"


def refused_by_clock(run):
    """Why there is no time."""
    assert run.status == 1, run.status
    sentence = run.refused()
    assert sentence.startswith("the clock is not set: no time in "), sentence
    return sentence


def test_the_time_that_a_server_says(device, openssl, pki, sntp):
    # Not the computer's.
    at = time.time() + 400 * DAY
    server = sntp(says(at))
    output = connect(device, openssl(*certificate(pki, "ec")), pki, [server]).succeeded()
    assert f"waiting for the time from {server.address}" in output
    assert f"it is {day(at)} by {server.address}" in output
    assert "mode 2 (server-auth), TLS 1.3" in output
    assert len(server.requests) == 1


def test_dates_are_checked_against_it(device, openssl, pki, sntp):
    peer = openssl(*certificate(pki, "ec", "expired"))
    at = seconds(2031, 3, 4)
    sentence = connect(device, peer, pki, [sntp(says(at))]).refused()
    assert "expired 2025-06-01, clock says 2031-03-04" in sentence, sentence


def test_after_2036_the_seconds_of_ntp_begin_anew(device, openssl, pki, sntp):
    at = seconds(2037, 5, 6)
    output = connect(device, openssl(*certificate(pki, "ec")), pki, [sntp(says(at))]).succeeded()
    assert "it is 2037-05-06 by " in output


def test_the_second_server_answers(device, openssl, pki, sntp):
    silent, right = sntp(lambda request, count: None), sntp()
    output = connect(device, openssl(*certificate(pki, "ec")), pki, [silent, right]).succeeded()
    assert (
        f"waiting for the time from {silent.address}: no answer in time; next {right.address}\n"
        in output
    )
    assert f"by {right.address}" in output
    assert len(silent.requests) == 1


def test_round_again_until_one_answers(device, pki, sntp):
    server = sntp(
        lambda request, count: answer(request, time.time(), leap=3 if count == 1 else 0)
    )
    started = time.monotonic()
    run = connect(device, nobody(), pki, [server])
    assert (
        f"waiting for the time from {server.address}: its own clock is not set; "
        f"next {server.address} in 4 s" in run.output
    )
    assert "cannot connect to 127.0.0.1" in run.refused()
    assert time.monotonic() - started > 4


# What a server may not say, and what is said of it.
WRONG = {
    "long before the build": (says(seconds(1970, 1, 1)), "it says 1970-01-01, which is before"),
    "at the library's own date": (
        says(seconds(2025, 1, 2)),
        r"it says 2025-01-02, which is before this program was built \(20\d\d-\d\d-\d\d\)",
    ),
    "far in the future": (
        says(seconds(2099, 1, 1)),
        r"it says 2099-01-01, which is after 20[4-9]\d-\d\d-\d\d, too late",
    ),
    "leap indicator 3": (says(time.time(), leap=3), "its own clock is not set"),
    "stratum 16": (says(time.time(), stratum=16), "its own clock is not set"),
    "stratum 0, INIT": (
        says(time.time(), leap=3, stratum=0, reference=b"INIT"), "its own clock is not set",
    ),
    "stratum 0, RATE": (
        says(time.time(), leap=3, stratum=0, reference=b"RATE"),
        r"it sends us away \(kiss-o'-death RATE\)",
    ),
    "a client's packet": (says(time.time(), mode=3), "its answer is none of SNTP"),
    "no time at all": (says(time.time(), transmit=0), "its answer is none of SNTP"),
    "another request's answer": (
        says(time.time(), origin=bytes(range(8))), "no answer in time",
    ),
    "a packet that is cut off": (
        lambda request, count: answer(request, time.time())[:47], "no answer in time",
    ),
    "an empty packet": (lambda request, count: [b""], "no answer in time"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_believed(device, pki, sntp, wrong):
    answers, sentence = WRONG[wrong]
    server = sntp(answers)
    said = refused_by_clock(connect(device, nobody(), pki, [server], "--sntp-limit=3"))
    assert re.search(f"from {server.address}: {sentence}", said), said
    assert server.requests


def test_the_day_before_the_build_is_not_believed(device, pki, sntp):
    server = sntp(says(0))
    said = refused_by_clock(connect(device, nobody(), pki, [server], "--sntp-limit=3"))
    built = datetime.strptime(re.search(r"built \((.*?)\)", said)[1], "%Y-%m-%d")
    built = int(built.replace(tzinfo=timezone.utc).timestamp())
    for at, believed in [(built - 1, False), (built, True)]:
        run = connect(device, nobody(), pki, [sntp(says(at))], "--sntp-limit=3")
        if believed:
            assert "cannot connect to 127.0.0.1" in run.refused()
        else:
            assert "which is before this program was built" in refused_by_clock(run)


def test_a_wrong_one_is_passed_over(device, openssl, pki, sntp):
    servers = [sntp(WRONG[wrong][0]) for wrong in ["long before the build", "leap indicator 3"]]
    right = sntp()
    output = connect(
        device, openssl(*certificate(pki, "ec")), pki, [*servers, right]
    ).succeeded()
    assert output.count("WARN:") >= 2 and f"by {right.address}" in output


def test_who_sends_us_away_is_asked_once(device, pki, sntp):
    away = sntp(WRONG["stratum 0, RATE"][0])
    other = sntp(WRONG["leap indicator 3"][0])
    refused_by_clock(connect(device, nobody(), pki, [away, other], "--sntp-limit=6"))
    assert len(away.requests) == 1 and len(other.requests) == 2


def test_forged_answers_do_not_keep_the_right_one_out(device, pki, sntp):
    def answers(request, count):
        forged = answer(request, time.time() + 1000 * DAY, origin=b"guesswork"[:8])
        return [forged, b"", forged[:20], forged, answer(request, time.time())]

    server = sntp(answers)
    run = connect(device, nobody(), pki, [server])
    assert f"it is {day(time.time())} by {server.address}" in run.output
    assert "cannot connect to 127.0.0.1" in run.refused()


def test_requests_cannot_be_guessed(device, pki, sntp):
    server = sntp()
    for seed in 1, 2, 3:
        # native_sim's source of entropy is a test's: always the same, but for this.
        connect(device, nobody(), pki, [server], f"--seed={seed}").refused()
    # Version 4, mode 3; and nothing that tells of the device but a random number.
    assert all(request[:40] == b"\x23" + bytes(39) for request in server.requests)
    numbers = {int.from_bytes(request[40:48], "big") for request in server.requests}
    assert len(numbers) == 3 and all(number > 2**44 for number in numbers), numbers


def test_no_server_at_all(device, pki, sntp):
    silent = sntp(lambda request, count: None)
    gone = f"127.0.0.1:{free_port()}"
    servers = [gone, "no-such-host.invalid", silent]
    said = refused_by_clock(connect(device, nobody(), pki, servers, "--sntp-limit=2"))
    assert f"from {gone}: it cannot be asked: connection refused" in said
    assert "from no-such-host.invalid: its name cannot be resolved" in said
    assert f"from {silent.address}: no answer in time" in said


@pytest.mark.parametrize("role, mode", [("client", "psk"), ("server", "psk"),
                                        ("server", "server-auth")])
def test_who_checks_no_date_asks_nobody(device, serve, pki, sntp, role, mode):
    server = sntp(lambda request, count: None)
    arguments = f"--mode={mode}", f"--credentials={pki}/ec", f"--sntp={server.address}"
    if role == "client":
        assert "cannot connect to 127.0.0.1" in device.run(nobody(), *arguments).refused()
    else:
        serve(*arguments)
    assert not server.requests


def test_it_is_asked_again_and_nobody_waits_for_that(serve, pki, sntp):
    start = time.time() + 100 * DAY
    script = {
        1: start,
        # Set back by an hour: no.
        2: start - 3600,
        # Set forward by a day.
        3: start + DAY,
    }
    server = sntp(
        lambda request, count: answer(request, script[count]) if count in script else None
    )
    device = serve(
        "--mode=mutual", f"--credentials={pki}/ec", f"--sntp={server.address}",
        "--sntp-interval=1", "--sntp-limit=4",
    )
    device.wait_for(f"it is {day(start)} by ")
    device.wait_for(r"it says \S+Z, which is 3[56]\d\d s before what the clock shows")
    device.wait_for("the clock runs on as it is: no time in ")
    device.wait_for(f"it is {day(start + DAY)} by {server.address}: the clock was set by \\+86")
    # It is silent from now on. Wait until it is being waited for.
    deadline = time.monotonic() + 10
    while len(server.requests) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(server.requests) == 4
    assert TlsClient(device, pki / "ec").exchange() < 3
    device.wait_for("closed in order")
    device.wait_for("no time in 4 s from .*: no answer in time")


def test_chrony_says_the_time(device, openssl, pki, chrony):
    server = chrony("local stratum 8")
    output = connect(device, openssl(*certificate(pki, "ec")), pki, [server]).succeeded()
    assert f"it is {day(time.time())} by {server.address}" in output


def test_chrony_without_the_time(device, pki, chrony):
    server = chrony()
    said = refused_by_clock(connect(device, nobody(), pki, [server], "--sntp-limit=3"))
    assert f"from {server.address}: its own clock is not set" in said


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--sntp=,"], "name at least one server"),
        (["--sntp=time.test:0"], '"time.test:0" is no server'),
        (["--sntp=time.test", "--clock=unset"], "give one of them"),
        (["--sntp=time.test", "--sntp-limit=soon"], "--sntp-limit"),
        (["--sntp=time.test", "--sntp-interval=-1"], "--sntp-interval"),
        (["--sntp-limit=1"], "of no use without --sntp"),
        (["--sntp-interval=1", "--clock=unset"], "of no use without --sntp"),
    ],
)
def test_arguments(device, pki, arguments, named):
    run = device.run(nobody(), "--mode=server-auth", f"--credentials={pki}/ec", *arguments)
    assert named in run.refused()
