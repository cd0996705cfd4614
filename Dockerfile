# One image for every service: what it runs is the command (docker-compose.yml).
# Debian, not Alpine: PostgreSQL's and Foundry's binaries from npm are built for glibc.
FROM node:20.19.5-bookworm-slim AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates python3 python3-pip python3-venv \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN node scripts/bootstrap.mjs && npm prune --omit=dev --ignore-scripts

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production ZKRISK_DATA_DIR=/data HOST=0.0.0.0 PORT=8080 LOG_LEVEL=info
# Messages and events live for a batch: a young generation that holds one is collected before they are copied (docs/internals/trade-path.md).
ENV NODE_OPTIONS=--max-semi-space-size=32
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/libs/osqp-wasm libs/osqp-wasm
COPY --from=build /app/circuits circuits
COPY --from=build /app/dist dist
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/pricer/src/main.js"]
