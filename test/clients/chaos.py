"""Deposits in every way a client may send them, for a while: mixed codecs and partitioners, the same command several times by several
clients, transactions that are committed and given up. Goes on whatever happens to the brokers.

usage: chaos.py BROKERS PREFIX SECONDS
Prints JSON: `deposits` that must be booked once each, {command: [account, amount]}, and commands that must not be, `given_up`.
"""
import asyncio
import json
import random
import sys
import threading
import time

from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaException, Producer

brokers, prefix, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
TOPIC = prefix + "accounts"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
PARTITIONERS = ["consistent_random", "murmur2_random", "fnv1a_random", "random"]
PARTITIONS = 3
draw = random.Random(5)
deposits, given_up = {}, []
lock = threading.Lock()
until = time.time() + seconds


def deposit(kind):
    """A new deposit, and its message."""
    with lock:
        name = f"{kind}-{len(deposits) + len(given_up)}"
        account, amount = f"trader-{draw.randrange(20)}", f"{draw.randrange(1, 10**9) / 10**4:.4f}"
        (given_up.append(name) if kind == "given-up" else deposits.__setitem__(name, [account, amount]))
    payload = {"kind": "deposit", "commandId": name, "account": account, "amount": amount}
    message = {"schemaVersion": 1, "id": name, "sequence": 0, "time": int(time.time() * 1000), "payload": payload}
    return account.encode(), json.dumps(message).encode()


def confluent():
    """Any codec with any partitioner; each deposit one to three times, by different producers."""
    producers = [
        Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "compression.type": codec, "partitioner": partitioner})
        for codec in CODECS
        for partitioner in PARTITIONERS
    ]
    failures = []
    while time.time() < until:
        for _ in range(10):
            key, value = deposit("confluent")
            for producer in draw.sample(producers, draw.randint(1, 3)):
                place = {} if draw.random() < 0.5 else {"partition": draw.randrange(PARTITIONS)}
                producer.produce(TOPIC, value, key, on_delivery=lambda error, _: failures.append(error) if error else None, **place)
        for producer in producers:
            producer.poll(0)
        time.sleep(0.02)
    for producer in producers:
        producer.flush(120)
    assert not failures, failures


def transactions():
    """Given up and committed, in turn; one that cannot be committed is sent again without one, under the same ids."""
    plain = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "compression.type": "lz4"})
    producer, number = None, 0
    while time.time() < until:
        number += 1
        abort = number % 2 == 1
        messages = [deposit("given-up" if abort else "transaction") for _ in range(5)]
        try:
            if producer is None:
                settings = {"bootstrap.servers": brokers, "transactional.id": f"{prefix}chaos-{number}", "transaction.timeout.ms": 10_000}
                producer = Producer(settings)
                producer.init_transactions(60)
            producer.begin_transaction()
            for key, value in messages:
                producer.produce(TOPIC, value, key)
            if abort:
                producer.flush(20)
                producer.abort_transaction(60)
            else:
                producer.commit_transaction(60)
        except KafkaException as error:
            # Whether it was committed is not known: the ids make sending again safe. One that was given up is never sent again.
            print(f"transaction {number}: {error}", file=sys.stderr)
            producer = None
            if not abort:
                for key, value in messages:
                    plain.produce(TOPIC, value, key)
        time.sleep(0.2)
    assert plain.flush(120) == 0


async def aio():
    """aiokafka in every codec; failed ones are sent again under the same id, by the next producer."""
    waiting = []
    while time.time() < until or waiting:
        for codec in [None, *CODECS[1:]]:
            producer = AIOKafkaProducer(bootstrap_servers=brokers, compression_type=codec, enable_idempotence=True)
            try:
                await producer.start()
                if time.time() < until:
                    waiting += [deposit("aio") for _ in range(20)]
                await asyncio.gather(*[producer.send_and_wait(TOPIC, value, key=key) for key, value in waiting])
                waiting = []
            except Exception as error:  # Brokers are away: the same messages again.
                print(f"aiokafka: {error!r}", file=sys.stderr)
                await asyncio.sleep(0.5)
            finally:
                await producer.stop()


failed = []


def run(work):
    try:
        work()
    except BaseException as error:  # Told by the process, not by its thread.
        failed.append(repr(error))


threads = [threading.Thread(target=run, args=[work]) for work in (confluent, transactions, lambda: asyncio.run(aio()))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if failed:
    raise SystemExit("; ".join(failed))
print(json.dumps({"deposits": deposits, "given_up": given_up}))
