# One image for every role: `web`, `worker`, or both without an argument.
FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap ca-certificates git \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/osmo-runner
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY app.yml ./
COPY bin bin
COPY src src
COPY templates templates
# Data, when it is embedded, lies in a volume that the service's user owns.
RUN useradd --system --uid 10001 --create-home osmo && install -d -o osmo -g osmo /var/lib/osmo-runner
USER osmo
VOLUME /var/lib/osmo-runner
ENV NODE_ENV=production OSMO_DATA=/var/lib/osmo-runner HOST=0.0.0.0 PORT=8080
EXPOSE 8080
ENTRYPOINT ["node", "src/main.ts"]
