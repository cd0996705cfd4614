"""Asks for quotes and sends trades at steady rates, as a matching engine on librdkafka would; prints how long answers took.

usage: load.py BROKERS PREFIX QUOTES_PER_SECOND TRADES_PER_SECOND SECONDS
Prints JSON: milliseconds from sending to the answer, and from sending to the event in `book`.
"""
import json
import sys
import threading
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

brokers, prefix = sys.argv[1:3]
quotes_per_second, trades_per_second, seconds = map(int, sys.argv[3:6])
run = uuid.uuid4().hex[:8]
producer = Producer(
    {"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 0, "queue.buffering.max.messages": 1_000_000}
)
fast = Producer({"bootstrap.servers": brokers, "acks": 1, "linger.ms": 0})
asked, answered, sent, booked, refused = {}, [], {}, [], 0
ready, done = threading.Event(), threading.Event()


def consume():
    global refused
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": f"matching-engine.{run}", "enable.auto.commit": False, "fetch.wait.max.ms": 5}
    )
    topics = consumer.list_topics(timeout=30).topics
    places = []
    for name in ("book", "quotes"):
        for partition in topics[prefix + name].partitions:
            _, high = consumer.get_watermark_offsets(TopicPartition(prefix + name, partition), timeout=30)
            places.append(TopicPartition(prefix + name, partition, high))
    consumer.assign(places)
    ready.set()
    while not done.is_set():
        for message in consumer.consume(1000, 0.01):
            if message.error():
                continue
            now = time.perf_counter()
            if message.topic() == prefix + "quotes":
                headers = dict(message.headers() or [])
                started = asked.pop((headers.get("correlation-id") or b"").decode(), None)
                if started is not None:
                    answered.append(1000 * (now - started))
                    refused += b'"quoted"' not in message.value()
                continue
            payload = json.loads(message.value())["payload"]
            started = sent.pop(payload.get("tradeId"), None)
            if started is not None:
                booked.append((1000 * (now - started), payload["kind"]))
    consumer.close()


def message(identity, payload):
    now = int(time.time() * 1000)
    return json.dumps({"schemaVersion": 1, "id": identity, "sequence": 0, "time": now, "payload": payload}).encode()


def steadily(rate, send):
    """Calls `send` at a rate; late messages are sent at once."""
    begin = time.perf_counter()
    for i in range(rate * seconds):
        wait = begin + i / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        send(i)


def ask(i):
    identity = f"{run}-q{i}"
    account = f"load-{i % 100}"
    payload = {"account": account, "legs": [{"market": "SIM-A", "size": "0.25"}], "deadline": int(time.time() * 1000) + 5000}
    value = message(identity, payload)
    asked[identity] = time.perf_counter()
    fast.produce(prefix + "quote-requests", value, account.encode(), headers=[("correlation-id", identity.encode())])
    fast.poll(0)


def trade(i):
    identity = f"{run}-t{i}"
    account = f"load-{i % 100}"
    # In and out again: positions stay small.
    payload = {"tradeId": identity, "account": account, "legs": [{"market": "SIM-A", "size": "0.01" if (i // 100) % 2 == 0 else "-0.01"}]}
    value = message(identity, payload)
    sent[identity] = time.perf_counter()
    producer.produce(prefix + "trades", value, account.encode())
    producer.poll(0)


def shares(values):
    values = sorted(values)
    at = lambda share: round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None
    return {"count": len(values), "p50": at(0.5), "p99": at(0.99), "most": at(1)}


reader = threading.Thread(target=consume)
reader.start()
ready.wait()
for i in range(100):
    command = f"{run}-d{i}"
    deposit = {"kind": "deposit", "commandId": command, "account": f"load-{i}", "amount": "100000"}
    producer.produce(prefix + "accounts", message(command, deposit), f"load-{i}".encode())
producer.flush(30)
time.sleep(1)
report = {}
for name, rate, send, pending in (("quotes", quotes_per_second, ask, asked), ("trades", trades_per_second, trade, sent)):
    started = time.perf_counter()
    steadily(rate, send)
    report[f"{name}SentPerSecond"] = round(rate * seconds / (time.perf_counter() - started))
    (fast if name == "quotes" else producer).flush(30)
    for _ in range(200):
        if not pending:
            break
        time.sleep(0.05)
    report[f"{name}Unanswered"] = len(pending)
done.set()
reader.join()
report["quotes"] = shares(answered)
report["quotesRefused"] = refused
report["trades"] = shares([ms for ms, _ in booked])
report["tradesRejected"] = sum(kind != "trade-booked" for _, kind in booked)
print(json.dumps(report))
