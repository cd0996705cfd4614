"""A small matching engine beside zkrisk: it sends prices, deposits and trades, asks for quotes before it trades, follows what is
booked, and at the end holds its own books against the exchange's, to the last unit.

    python engine.py --brokers localhost:9092 --orders 200

Needs confluent-kafka. Everything it knows of zkrisk is in docs/integrate/api.md and docs/reference/asyncapi.json.
"""
import argparse
import json
import math
import random
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

from books import Books

MARKETS = {"BTC": 65_000.0, "ETH": 3_200.0, "SOL": 150.0}
TOPICS_READ = ["book", "account-states", "quotes", "trades.dead", "accounts.dead", "prices.dead"]


def now_ms() -> int:
    return int(time.time() * 1000)


class MatchingEngine:
    def __init__(self, brokers: str, prefix: str, seed: int):
        self.prefix = prefix
        self.random = random.Random(seed)
        self.run = uuid.UUID(int=self.random.getrandbits(128)).hex[:8]
        # Sent again by the client until it is there, each once; a crash of ours is covered by the ids.
        self.producer = Producer(
            {"bootstrap.servers": brokers, "enable.idempotence": True, "compression.type": "zstd", "linger.ms": 2}
        )
        self.consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": f"matching-engine.{self.run}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
            }
        )
        self.books = Books()
        self.states = {}
        self.quotes = {}
        self.outcomes = {}
        self.dead = []
        self.sequence = 0
        self.sent = {}
        self.assign()

    def assign(self):
        """Reads every partition from its beginning: the books need all events, and membership would only delay them."""
        metadata = self.consumer.list_topics(timeout=30)
        partitions = []
        for name in TOPICS_READ:
            topic = metadata.topics.get(self.prefix + name)
            if topic is None:
                if name.endswith(".dead"):
                    continue
                raise SystemExit(f"topic {self.prefix + name} is not there: has the exchange been started?")
            partitions += [TopicPartition(topic.topic, p, 0) for p in topic.partitions]
        self.consumer.assign(partitions)

    def send(self, topic: str, key: str, message_id: str, payload: dict, headers=(), at=None):
        self.sequence += 1
        message = {
            "schemaVersion": 1,
            "id": message_id,
            "sequence": self.sequence,
            "time": at or now_ms(),
            "payload": payload,
        }
        self.producer.produce(
            self.prefix + topic, json.dumps(message).encode(), key.encode(), headers=list(headers), on_delivery=self.delivered
        )
        self.producer.poll(0)

    @staticmethod
    def delivered(error, message):
        if error is not None:
            raise SystemExit(f"{message.topic()}: {error}")

    def poll(self, timeout=0.05):
        """Takes the exchange's messages."""
        for message in self.consumer.consume(500, timeout):
            if message.error():
                continue
            name = message.topic()[len(self.prefix) :]
            headers = {key: value for key, value in message.headers() or [] if value is not None}
            if name == "quotes":
                correlation = headers.get("correlation-id", b"").decode()
                self.quotes[correlation] = json.loads(message.value())["payload"]
                continue
            if name.endswith(".dead"):
                self.dead.append(json.loads(message.value()))
                continue
            # After a crash of the exchange its last messages may come twice, under the numbers they had.
            value = json.loads(message.value())
            if name == "book":
                self.booked(value["sequence"], value["payload"])
                continue
            state = value["payload"]
            if state["sequence"] >= self.states.get(state["account"], state)["sequence"]:
                self.states[state["account"]] = state

    def booked(self, sequence: int, event: dict):
        self.books.apply(sequence, event)
        command = event.get("tradeId") or event.get("commandId") or event.get("matchId")
        if command in self.sent:
            self.outcomes[command] = event

    def until(self, met, what: str, seconds: float, meanwhile=lambda: None):
        deadline = time.time() + seconds
        while not met():
            if time.time() > deadline:
                raise SystemExit(f"{what}: not within {seconds} s; dead letters: {self.dead[-3:]}")
            meanwhile()
            self.poll()

    # Work of a matching engine

    def prices(self, bars: int, bar_ms: int):
        """A random walk of each market, a bar apart, up to now: enough history for a first forecast."""
        self.producer.flush(30)
        last = now_ms() - now_ms() % bar_ms
        for bar in range(bars):
            at = last - (bars - 1 - bar) * bar_ms
            common = self.random.gauss(0, 0.004)
            for market in MARKETS:
                MARKETS[market] *= math.exp(common + self.random.gauss(0, 0.003))
                self.tick(market, at)
            self.send("prices", "watermark", f"{self.run}-w-{at}", {"kind": "watermark", "until": at}, at=at)
        self.producer.flush(30)

    def tick(self, market: str, at=None):
        at = at or now_ms()
        price = f"{MARKETS[market]:.6f}"
        self.send("prices", market, f"{self.run}-{market}-{at}-{self.sequence}", {"kind": "tick", "market": market, "price": price}, at=at)

    def deposit(self, account: str, amount: str) -> str:
        command = f"{self.run}-deposit-{account}"
        self.sent[command] = time.time()
        self.send("accounts", account, command, {"kind": "deposit", "commandId": command, "account": account, "amount": amount})
        return command

    def ask(self, account: str, legs: list, timeout_ms=2_000) -> dict:
        """A pre-trade check: the price of this trade."""
        correlation = f"{self.run}-ask-{self.sequence}"
        payload = {"account": account, "legs": legs, "deadline": now_ms() + timeout_ms}
        self.send("quote-requests", account, correlation, payload, [("correlation-id", correlation.encode())])
        self.producer.flush(5)
        self.until(lambda: correlation in self.quotes, f"an answer to {correlation}", timeout_ms / 1000 + 5)
        return self.quotes.pop(correlation)

    def trade(self, account: str, legs: list, quote=None) -> str:
        """Sends a trade to be booked: at mark, or at the terms of a quote, sealed by the quote's own token."""
        trade = f"{self.run}-trade-{self.sequence}"
        payload = {"tradeId": trade, "account": account, "legs": legs}
        if quote is not None:
            payload["quote"] = {
                "quoteId": quote["id"],
                "marks": [leg["mark"] for leg in quote["legs"]],
                "riskPremium": quote["premium"]["risk"],
                "liquidityPremium": quote["premium"]["liquidity"],
                "seal": quote["token"],
            }
        self.sent[trade] = time.time()
        self.send("trades", account, trade, payload)
        return trade

    def match(self, buyer: str, seller: str, market: str, size: str) -> str:
        """Sends a trade between two accounts that our book has matched, at the mark; it changes nothing of the pool."""
        match = f"{self.run}-match-{self.sequence}"
        fill = {"buyer": buyer, "seller": seller, "market": market, "size": size, "price": f"{MARKETS[market]:.6f}", "maker": "seller"}
        self.sent[match] = time.time()
        self.send("matches", buyer, match, {"matchId": match, "fills": [fill]})
        return match

    def close(self):
        self.producer.flush(30)
        self.consumer.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--prefix", default="", help="KAFKA_PREFIX of the exchange")
    parser.add_argument("--bars", type=int, default=80, help="bars of prices to send before trading; 0: somebody else sends prices")
    parser.add_argument("--bar-ms", type=int, default=3_600_000)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    engine = MatchingEngine(args.brokers, args.prefix, args.seed)

    if args.bars > 0:
        engine.prices(args.bars, args.bar_ms)
    accounts = [f"trader-{i}" for i in range(args.accounts)]
    deposits = [engine.deposit(account, "100000") for account in accounts]
    engine.until(lambda: all(d in engine.outcomes for d in deposits), "deposits are booked", 120)
    liquidity = f"{engine.run}-liquidity"
    engine.sent[liquidity] = time.time()
    engine.send("liquidity", "lp", liquidity, {"kind": "deposit", "commandId": liquidity, "provider": "lp", "amount": "5000000"})
    engine.until(lambda: liquidity in engine.outcomes, "the liquidity is taken", 120)
    # It counts from the next prices on.
    for market in MARKETS:
        engine.tick(market)

    # Until the first forecast there is nothing to quote with: the answer says how many bars are missing.
    def warm() -> bool:
        answer = engine.ask(accounts[0], [{"market": "BTC", "size": "0.01"}])
        if answer["status"] != "quoted":
            print(f"not yet: {answer.get('code')}: {answer.get('detail')}", file=sys.stderr)
            time.sleep(0.5)
        return answer["status"] == "quoted"

    engine.until(warm, "the first quote", 180)

    refused, trades = 0, []
    for i in range(args.orders):
        account = engine.random.choice(accounts)
        market = engine.random.choice(list(MARKETS))
        notional = engine.random.uniform(200, 5_000)
        side = engine.random.choice(["", "-"])
        legs = [{"market": market, "size": f"{side}{notional / MARKETS[market]:.6f}"}]
        if i % 2 == 0:
            answer = engine.ask(account, legs)
            if answer["status"] != "quoted":
                refused += 1
                continue
            trades.append(engine.trade(account, legs, answer["quote"]))
        else:
            trades.append(engine.trade(account, legs))
        if i % 4 == 1:
            buyer, seller = engine.random.sample(accounts, 2)
            trades.append(engine.match(buyer, seller, market, f"{notional / MARKETS[market] / 5:.6f}"))
        if i % 10 == 0:
            for each in MARKETS:
                MARKETS[each] *= math.exp(engine.random.gauss(0, 0.0005))
                engine.tick(each)
        engine.poll(0)
    # Terms that nobody has quoted, and an id that was used before, are refused where everybody can see it.
    forged = dict(answer["quote"], premium={"risk": "0", "liquidity": "0"}) if answer["status"] == "quoted" else None
    if forged:
        trades.append(engine.trade(account, legs, forged))
    engine.until(lambda: all(trade in engine.outcomes for trade in trades), "every trade is decided", 120)

    def reconciled() -> bool:
        return all(state["sequence"] <= engine.books.sequence for state in engine.states.values()) and all(
            account in engine.states for account in accounts
        )

    engine.until(reconciled, "account states", 60)
    for _ in range(20):
        engine.poll(0.05)
    differences = [d for account in accounts for d in engine.books.differences(engine.states[account])]
    kinds = [engine.outcomes[trade]["kind"] for trade in trades]
    report = {
        "trades": len(trades),
        "booked": kinds.count("trade-booked"),
        "matched": kinds.count("match-booked"),
        "rejected": kinds.count("trade-rejected") + kinds.count("match-rejected"),
        "codes": sorted({engine.outcomes[t]["code"] for t in trades if "code" in engine.outcomes[t]}),
        "quotesRefused": refused,
        "bookEvents": engine.books.sequence,
        "accounts": len(accounts),
        "deadLetters": len(engine.dead),
        "differences": differences,
    }
    engine.close()
    print(json.dumps(report))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
