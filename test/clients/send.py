"""Sends messages as teams with other clients would: every codec, several partitioners, transactions, headers of any kind.

usage: send.py BROKERS PREFIX FILE ROUND SECONDS
FILE has messages by topic, as JSON. Prints the ids of messages that must arrive, as JSON; those of an aborted transaction are not among them.
"""
import asyncio
import json
import sys
import time

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

brokers, prefix, file, round_name, seconds = sys.argv[1:6]
pause = float(seconds)
with open(file, encoding="utf-8") as source:
    topics = json.load(source)
sent = []


def named(message, how):
    """The message under an id of its own."""
    copy = dict(message, id=f"{message['id']}:{round_name}:{how}")
    sent.append(copy["id"])
    return json.dumps(copy).encode()


def each():
    for topic, messages in topics.items():
        for message in messages:
            yield prefix + topic, message


def confluent(how, settings, key=lambda m: m["id"].encode(), frame=b"", headers=()):
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 20, **settings})
    failures = []
    for topic, message in each():
        producer.produce(
            topic,
            frame + named(message, how),
            key(message),
            headers=list(headers),
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
        producer.poll(pause)
    producer.flush(60)
    assert not failures, failures


def transactions():
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": f"{prefix}{round_name}"})
    producer.init_transactions(60)
    for i, (topic, message) in enumerate(each()):
        producer.begin_transaction()
        producer.produce(topic, named(message, "transaction"), b"\0\0\0\0")
        if i % 2 == 0:
            producer.commit_transaction(60)
        else:
            sent.pop()
            producer.flush(60)
            producer.abort_transaction(60)


async def aio(codec):
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, compression_type=codec, enable_idempotence=True, linger_ms=20
    )
    await producer.start()
    try:
        for topic, message in each():
            value = named(message, f"aio-{codec}")
            headers = [("correlation-id", message["id"].encode()), ("x", b"\xff\x00"), ("x", b"")]
            await producer.send(topic, value, key=None, headers=headers)
            await asyncio.sleep(pause)
        await producer.flush()
    finally:
        await producer.stop()


started = time.time()
for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
    confluent(f"confluent-{codec}", {"compression.type": codec})
confluent("murmur2", {"partitioner": "murmur2_random"})
confluent(
    "headers",
    {"compression.type": "zstd"},
    key=lambda _: None,
    headers=[("correlation-id", None), ("traceparent", b"a"), ("traceparent", b"b"), ("binary", b"\xfe\x00")],
)
confluent("framed", {"compression.type": "lz4"}, frame=b"\x00\x00\x00\x00\x07")
transactions()
for codec in [None, "gzip", "snappy", "lz4", "zstd"]:
    asyncio.run(aio(codec))
print(json.dumps(sent))
print(f"{len(sent)} messages in {time.time() - started:.1f} s", file=sys.stderr)
