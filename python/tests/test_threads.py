"""Threads, interrupts, forks and asyncio."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import rdb
import rdb.aio


def in_threads(count, work):
    """Runs work(i) in count threads at once and raises what one of them raised."""
    failures = []
    barrier = threading.Barrier(count)

    def run(i):
        try:
            barrier.wait()
            work(i)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_readers_and_a_writer_at_once(db):
    with db.write() as txn:
        txn.table("t").update((b"%04d" % i, b"0") for i in range(2000))

    def work(i):
        for round in range(10):
            if i == 0:
                with db.write(durability="none") as txn:
                    txn.table("t").update((b"%04d" % k, b"%d" % round) for k in range(2000))
            else:
                with db.read() as txn:
                    assert len(set(txn.table("t").values())) == 1
                    assert len(set(txn.table("t").get_batch([b"0001", b"1999"]))) == 1

    in_threads(4, work)


def test_one_reader_in_many_threads(reader):
    table = reader.table("t")

    def work(i):
        for k in range(i, 1000, 3):
            assert table[b"k%03d" % k] == b"v%d" % k
        assert len(list(table)) == 1000
        assert table.get_batch([b"k%03d" % k for k in range(1000)])[5] == b"v5"
        reader.table("t").close()

    in_threads(4, work)


def test_one_writer_in_many_threads(db):
    with db.write() as txn:
        table = txn.table("t")

        def work(i):
            for k in range(300):
                table[b"%d-%d" % (i, k)] = b"x"
            table.update((b"u%d-%d" % (i, k), b"y") for k in range(5000))
            table.get_batch([b"0-1"] * 100)

        in_threads(4, work)
        assert len(table) == 4 * 5300


def test_a_writer_goes_from_thread_to_thread(db):
    txn = db.write()
    table = txn.table("t")
    in_threads(1, lambda i: table.put(b"a", b"1"))
    in_threads(1, lambda i: txn.commit())
    with db.read() as reader:
        assert reader.table("t")[b"a"] == b"1"


def test_transactions_end_under_the_feet_of_threads(db):
    with db.write() as txn:
        txn.table("t").update((b"%06d" % i, bytes(20)) for i in range(20_000))
    for _ in range(5):
        txn = db.read()
        table = txn.table("t")

        def work(i):
            if i == 0:
                txn.abort()
                return
            try:
                while True:
                    list(table.items())
                    table.get_batch([b"000001"] * 50)
                    table.cursor().next_batch(100)
            except rdb.ClosedError:
                pass

        in_threads(4, work)


def test_one_iterator_and_one_cursor_in_many_threads(reader):
    table = reader.table("t")
    iterator = iter(table.items())
    cursor = table.cursor()
    seen = []

    def work(i):
        while True:
            try:
                pair = next(iterator, None)
            except ValueError as busy:
                assert "already executing" in str(busy)
                continue
            if pair is None:
                break
            seen.append(pair[0])
            cursor.next()

    in_threads(4, work)
    assert sorted(seen) == [b"k%03d" % i for i in range(1000)]
    assert cursor.next() is None


def test_waiting_for_the_writer_lets_others_run(db):
    txn = db.write()
    got = []
    thread = threading.Thread(target=lambda: got.append(db.write()))
    thread.start()
    time.sleep(0.05)  # whether it waits by now or not, both must end well
    with pytest.raises(rdb.BusyError):
        db.close()
    txn.abort()
    thread.join()
    got[0].abort()


def test_a_wait_is_cancelled_from_another_thread(db):
    cancel = rdb.Cancel()
    with db.write():
        timer = threading.Timer(0.05, cancel.trigger)
        timer.start()
        with pytest.raises(rdb.CancelledError):
            db.write(cancel=cancel)
        timer.join()


def run_child(code, *args, **kwargs):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code), *map(str, args)], text=True,
                          capture_output=True, timeout=120, **kwargs)


@pytest.mark.parametrize("call", ["db.write()", "db.write(timeout=1000)"])
def test_ctrl_c_ends_a_wait(path, call):
    child = run_child(f"""
        import os, rdb, signal, sys, threading
        db = rdb.open(sys.argv[1])
        txn = db.write()
        def interrupt():
            while True:  # until the main thread waits: one signal before is lost to the print
                os.kill(os.getpid(), signal.SIGINT)
                if stopped.wait(0.1): break
        stopped = threading.Event()
        thread = threading.Thread(target=interrupt)
        try:
            thread.start()
            {call}
        except KeyboardInterrupt:
            stopped.set()
        thread.join()
        txn.abort()
        with db.write() as txn:
            txn.table("t")[b"a"] = b"1"
        db.close()
        print("interrupted")
        """, path)
    assert (child.returncode, child.stdout) == (0, "interrupted\n"), child.stderr


def test_ctrl_c_ends_a_verification(path):
    child = run_child("""
        import os, rdb, signal, sys
        db = rdb.open(sys.argv[1])
        with db.write() as txn:
            txn.table("t").update((b"%d" % i, bytes(200)) for i in range(20000))
        def progress(done, total):
            os.kill(os.getpid(), signal.SIGINT)
            import time; time.sleep(0.2)
        try:
            db.verify("full", progress=progress)
        except KeyboardInterrupt:
            print("interrupted", db.verify("full").problems)
        db.close()
        """, path)
    assert (child.returncode, child.stdout) == (0, "interrupted ()\n"), child.stderr


def test_ctrl_c_ends_a_list_and_a_batch(path):
    child = run_child("""
        import rdb, signal, sys
        def handler(*args):
            raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, handler)
        db = rdb.open(sys.argv[1])
        txn = db.write()
        table = txn.table("t")
        table.update((b"%d" % i, b"") for i in range(1000))
        def forever():
            while True:
                yield b"0", b""
        for endless in (lambda: table.update(forever()),
                        lambda: sum(len(list(table)) for _ in iter(int, 1))):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            try:
                endless()
            except KeyboardInterrupt:
                print("interrupted")
        txn.abort()
        db.close()
        """, path)
    assert (child.returncode, child.stdout) == (0, "interrupted\n" * 2), child.stderr


def forked(child):
    """Runs child() in a forked process; its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child()
            status = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_forked_child_gets_fork_error_from_everything(path):
    db = rdb.open(path)
    with db.write() as txn:
        txn.table("t").update((b"%d" % i, b"x") for i in range(1000))
    txn = db.read()
    table = txn.table("t")
    scan = table.items()
    iterator = iter(scan)
    next(iterator)
    cursor = table.cursor()
    value = txn.table("t", buffers=True)[b"5"]
    writer = db.write()
    written = writer.table("t")

    def child():
        for use in (db.read, db.write, db.stats, db.verify, db.recovery, lambda: txn.table("t"), txn.tables,
                    lambda: txn.id, lambda: table[b"1"], lambda: table.get(b"1"), lambda: len(table),
                    lambda: b"1" in table, lambda: list(table), lambda: next(iterator), lambda: len(scan),
                    cursor.first, lambda: table.get_batch([b"1"]), lambda: written.put(b"a", b""),
                    lambda: written.update({b"a": b""}), written.clear, written.pop_first,
                    writer.commit, table.stats, table.describe, scan.__arrow_c_stream__):
            with pytest.raises(rdb.ForkError, match="parent process"):
                use()
        assert bytes(value) == b"x"
        assert db.closed
        db.close()
        cursor.close()
        with rdb.open_memory() as own, own.write() as mine:
            mine.table("t")[b"a"] = b"1"

    assert forked(child) == 0
    writer.abort()
    txn.abort()
    assert bytes(value) == b"x"
    with db.write() as txn:
        txn.table("t")[b"after"] = b"1"
    db.close()
    with rdb.open(path) as db, db.read() as txn:
        assert db.recovery().clean
        assert len(txn.table("t")) == 1001


def test_several_processes_read_one_file(path):
    with rdb.open(path) as db, db.write() as txn:
        txn.table("t")[b"a"] = b"1"
    with rdb.open(path, mode="read_only") as db, db.read() as txn:
        def child():
            with rdb.open(path, mode="read_only") as own, own.read() as mine:
                assert mine.table("t")[b"a"] == b"1"

        assert forked(child) == 0
        assert txn.table("t")[b"a"] == b"1"


def test_asyncio(path):
    async def main():
        async with await rdb.aio.open(path) as db:
            async with await db.write() as txn:
                table = await txn.table("t", key=str, value=int)
                await table.put("a", 1)
                await table.update({f"k{i:04}": i for i in range(1000)})
                assert await table.discard("a") and not await table.contains("a")
            with pytest.raises(LookupError):
                async with await db.write() as txn:
                    await (await txn.table("t", key=str, value=int)).put("b", 2)
                    raise LookupError
            async with await db.read() as txn:
                table = await txn.table("t", key=str, value=int)
                assert await table.count() == 1000
                assert await table.get("k0005") == 5 and await table.get("b") is None
                assert await table.get_batch(["k0001", "b"], 0) == [1, 0]
                assert [pair async for pair in table] == [(f"k{i:04}", i) for i in range(1000)]
                assert [k async for k, _ in table.range("k0990", reverse=True)][0] == "k0999"
                assert len([k async for k, _ in table.prefix("k01")]) == 100
                assert await table.run(lambda table, key: table[key], "k0007") == 7
                assert await txn.run(lambda txn: txn.id) > 0
            assert (await db.run(lambda db: db.verify("full"))).problems == ()

            first = await db.write()
            with pytest.raises(rdb.LockTimeoutError):
                await db.write(timeout=0)
            waiting = asyncio.ensure_future(db.write())
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await first.abort()
            async with await db.write(timeout=10):
                pass
        assert db.sync.closed

    asyncio.run(main())
