import { factorForecastOf } from '#lib/exchange';
import type { CovariancePayload } from '#lib/messages';
import type { FactorForecast } from '#lib/risk';
import { bookRisk } from '../venue.js';

/** A forecast for a book whose markets are in another order. */
export class BookForecast {
  private readonly form: FactorForecast;
  /** of a market in the forecast; −1: it has none */
  private readonly at: Int32Array;

  constructor(forecast: CovariancePayload, markets: readonly string[]) {
    const index = new Map(forecast.markets.map((market, i) => [market, i]));
    this.form = factorForecastOf(forecast);
    this.at = Int32Array.from(markets, (market) => index.get(market) ?? -1);
  }

  /** {@link bookRisk} of net notionals by market, money. */
  risk(net: Float64Array, alpha: number): number {
    const notionals = new Float64Array(this.form.own.length);
    this.at.forEach((index, i) => {
      if (index >= 0) notionals[index] = net[i];
    });
    return bookRisk(this.form, notionals, alpha);
  }
}
