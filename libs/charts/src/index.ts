export { type ChartOptions, type ChartSeries, escape, lineChart, stackedCharts } from './line-chart.js';
export type { Scale } from './value-axis.js';
