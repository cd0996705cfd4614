export { type CommonWindow, commonWindow, type LeftOut, logReturns } from './common-window.js';
export { readSeriesFiles, type SeriesTable } from './joined.js';
export { PriceFileError } from './price-file-error.js';
export type { SeriesOptions } from './read-file.js';
export { pricesCsv } from './prices-csv.js';
