# day1 = first 120 rows of unix-seconds.csv, day2 = first 140 (a file that a daily job appends to)
T=${TMPDIR:-/tmp}
head -121 unix-seconds.csv > "$T/day1.csv"; head -141 unix-seconds.csv > "$T/day2.csv"
export ZKRISK_DATA_DIR="$T/reuse" PORT=0
npm start -- --prices "$T/day1.csv" --once --settle-every 0   # L 6.25M
npm start -- --prices "$T/day2.csv" --once --settle-every 0   # goes on: L 6.27M, as in a fresh directory; 12.5M if the first deposit were booked again
