"""The exchange's accounts as a matching engine keeps them: a fold over the topic `book`, in exact integers.

Money and sizes are integers of 10^-8, prices of 10^-12. Every rounding is against the trader, as the exchange's is.
"""
from collections import defaultdict
from dataclasses import dataclass

MONEY = SIZE = 8
PRICE = 12
SHIFT = 10 ** (SIZE + PRICE - MONEY)
INDEX = 10**18


def parse(text: str, decimals: int) -> int:
    """Exact value of a plain decimal in units of 10^-decimals."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    return sign * int(whole + fraction.ljust(decimals, "0")[:decimals])


def down(a: int, b: int) -> int:
    return a // b


def up(a: int, b: int) -> int:
    return -(-a // b)


@dataclass
class Position:
    size: int = 0
    entry: int = 0
    index: int = 0


def traded(held: Position, size: int, price: int) -> tuple[int, int, int]:
    """Size, entry notional and realised profit after `size` has been traded at `price`."""
    if held.size == 0 or (held.size > 0) == (size > 0):
        return held.size + size, held.entry + up(size * price, SHIFT), 0
    closed = size if abs(size) <= abs(held.size) else -held.size
    if held.size > 0:
        released = up(held.entry * -closed, held.size)
    else:
        released = up(held.entry * closed, -held.size)
    proceeds = down(-closed * price, SHIFT)
    flat = closed == -held.size
    realised = proceeds - (held.entry if flat else released)
    if closed == size:
        return held.size + size, 0 if flat else held.entry - released, realised
    opened = size - closed
    return opened, up(opened * price, SHIFT), realised


class Books:
    """Cash and positions of every margin account."""

    def __init__(self):
        self.cash = defaultdict(int)
        self.positions = defaultdict(dict)
        self.index = defaultdict(int)
        self.sequence = 0

    def apply(self, sequence: int, event: dict) -> None:
        """Takes the event with this number; one that comes again changes nothing, one that is missing is an error."""
        if sequence <= self.sequence:
            return
        if sequence != self.sequence + 1:
            raise ValueError(f"book event {self.sequence + 1} is missing before {sequence}")
        self.sequence = sequence
        fold = getattr(self, "on_" + event["kind"].replace("-", "_"), None)
        if fold is not None:
            fold(event)

    def held(self, account: str, market: str) -> Position:
        return self.positions[account].get(market, Position())

    def charge(self, account: str, market: str) -> int:
        """Funding that a position owes since it was settled last."""
        held = self.held(account, market)
        return up(held.size * (self.index[market] - held.index), INDEX) if held.size else 0

    def leg(self, account: str, leg: dict) -> int:
        """Books a leg; returns the money it brings the account."""
        market = leg["market"]
        owed = self.charge(account, market)
        size, entry, realised = traded(self.held(account, market), parse(leg["size"], SIZE), parse(leg["price"], PRICE))
        self.put(account, market, size, entry)
        return realised - owed

    def put(self, account: str, market: str, size: int, entry: int) -> None:
        if size:
            self.positions[account][market] = Position(size, entry, self.index[market])
        else:
            self.positions[account].pop(market, None)

    def on_trade_booked(self, event):
        account = event["account"]
        cash = sum(self.leg(account, leg) for leg in event["legs"])
        paid = sum(parse(event.get(part, "0"), MONEY) for part in ("riskPremium", "liquidityPremium", "penalty"))
        self.cash[account] += cash - paid
        if "liquidator" in event:
            self.cash[event["liquidator"]] += parse(event.get("toLiquidator", "0"), MONEY)

    def on_dust_closed(self, event):
        self.cash[event["account"]] += self.leg(event["account"], event)

    def on_funding_accrued(self, event):
        for market, _, _, index in event["markets"]:
            self.index[market] += int(index)

    def on_account_deposited(self, event):
        self.cash[event["account"]] += parse(event["amount"], MONEY)

    def on_account_withdrawn(self, event):
        self.cash[event["account"]] -= parse(event["amount"], MONEY) + parse(event.get("haircut", "0"), MONEY)

    def on_collateral_moved(self, event):
        amount = parse(event["amount"], MONEY)
        self.cash[event["from"]] -= amount
        self.cash[event["to"]] += amount

    def on_bankruptcy_settled(self, event):
        self.cash[event["account"]] += parse(event["loss"], MONEY)

    def on_match_booked(self, event):
        fees = 0
        for side in event["accounts"]:
            account = side["account"]
            cash = sum(self.leg(account, leg) for leg in side["legs"])
            fee = parse(side["fee"], MONEY)
            paid = fee + parse(side["riskPremium"], MONEY) + parse(side["liquidityPremium"], MONEY)
            self.cash[account] += cash - paid
            fees += fee
        self.cash[event["feeAccount"]] += fees

    def on_credit_charged(self, event):
        self.cash[event["account"]] -= parse(event["charged"], MONEY)

    def on_gains_cut(self, event):
        for account, cut in event["cuts"]:
            self.cash[account] -= parse(cut, MONEY)

    def on_positions_reduced(self, event):
        for leg in event["reductions"]:
            self.cash[leg["account"]] += self.leg(leg["account"], leg)

    def on_note_paid(self, event):
        self.cash[event["account"]] += parse(event["amount"], MONEY)

    def on_market_rescaled(self, event):
        market = event["market"]
        for account, size, cash, released in event["accounts"]:
            held = self.held(account, market)
            self.cash[account] += parse(cash, MONEY) - self.charge(account, market)
            self.put(account, market, parse(size, SIZE), held.entry - parse(released, MONEY))

    def on_positions_settled(self, event):
        for account, size in event["accounts"]:
            leg = {"market": event["market"], "size": size, "price": event["price"]}
            self.cash[account] += self.leg(account, leg)

    def on_market_delisted(self, event):
        self.index.pop(event["market"], None)

    def on_trade_busted(self, event):
        account = event["account"]
        collateral = parse(event["collateral"], MONEY)
        if collateral:
            self.cash[account.split("~")[0]] -= collateral
            self.cash[account] += collateral
        cash = sum(self.leg(account, leg) for leg in event["legs"])
        back = sum(parse(event[part], MONEY) for part in ("riskPremium", "liquidityPremium", "penalty"))
        self.cash[account] += cash + back - parse(event["debt"], MONEY)

    def differences(self, state: dict) -> list[str]:
        """Differences between an account's state, as the exchange publishes it, and these books."""
        account = state["account"]
        found = []
        if parse(state["cash"], MONEY) != self.cash[account]:
            found.append(f"{account}: cash is {state['cash']} there and {self.cash[account]}e-8 here")
        theirs = {p["market"]: (parse(p["size"], SIZE), parse(p["entryNotional"], MONEY)) for p in state["positions"]}
        ours = {market: (held.size, held.entry) for market, held in self.positions[account].items()}
        if theirs != ours:
            found.append(f"{account}: positions are {theirs} there and {ours} here")
        return found
