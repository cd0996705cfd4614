"""Asks for a price, takes it, and shows the account: ``python quote_and_trade.py URL ACCOUNT MARKET SIZE``."""

from __future__ import annotations

import os
import sys

from zkrisk import ApiError, Client


def main(url: str, account: str, market: str, size: str) -> None:
    with Client(url, api_key=os.environ.get("ZKRISK_API_KEY")) as exchange:
        quote = exchange.quote(account, [{"market": market, "size": size}])
        print(f"{size} {market} at {quote['legs'][0]['mark']} for a premium of {quote['premium']['total']}")
        try:
            trade = exchange.accept_quote(quote["id"], token=quote.get("token"))
        except ApiError as error:
            if error.code != "quote-stale":
                raise
            print("a bar has come in between: ask again")
            return
        print(f"booked at {trade['bookedAt']}")
        for position in exchange.account(account)["cross"]["positions"]:
            print(f"{position['market']} {position['size']} liquidated at {position['liquidationPrice']}")


if __name__ == "__main__":
    main(*sys.argv[1:5])
