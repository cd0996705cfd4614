/** docs/concepts/marks.md with its table of states by action as the code has it. */
export function withActions(text, table) {
  return text.replace(/<!-- actions -->\n\n(\|[^\n]*\n)*/, `<!-- actions -->\n\n${aligned(table)}\n`);
}

/** Columns of one width, as the formatter writes tables. */
function aligned(table) {
  const rows = table.split('\n').map((row) => row.slice(2, -2).split(' | '));
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => (row[i] === '---' ? 3 : row[i].length))),
  );
  return rows
    .map(
      (row) =>
        `| ${row.map((cell, i) => (cell === '---' ? '-'.repeat(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`,
    )
    .join('\n');
}
