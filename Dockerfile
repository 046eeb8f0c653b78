# One target per service, named as its folder under apps/; `jobs` is for the set-up jobs of docker-compose.yml.

FROM node:24-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

# The native libvirt binding. Rust comes from its own image: Debian's is too old.
FROM rust:1.88-bookworm AS native
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvirt-dev pkg-config clang libclang-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY native native
RUN cargo build --release --locked -p libvirt-napi --manifest-path native/Cargo.toml

# All dependencies, generated clients, compiled projects.
FROM base AS build
ENV NODE_ENV=development
COPY package.json package-lock.json ./
COPY apps apps
COPY libs libs
COPY native/libvirt-napi native/libvirt-napi
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.base.json nx.json ./
COPY prisma prisma
COPY tools tools
RUN node tools/persistence/prisma.ts all generate \
  && node node_modules/typescript/bin/tsc -b

# Migrations and the configuration of NATS; needs the tools and Prisma's.
FROM build AS jobs
USER node

# What runs: production dependencies and compiled code only.
FROM base AS production
COPY package.json package-lock.json ./
COPY --from=build /app/apps apps
COPY --from=build /app/libs libs
COPY --from=build /app/native/libvirt-napi native/libvirt-napi
RUN npm ci --ignore-scripts --omit=dev \
  && find apps libs native -type d \( -name src -o -name rust -o -name test \) -not -path '*/node_modules/*' -prune -exec rm -rf {} +

FROM base AS service
COPY --from=production /app/node_modules node_modules
COPY --from=production /app/package.json package.json
COPY --from=production /app/libs libs
COPY --from=production /app/native native
ENV NODE_OPTIONS="--enable-source-maps --max-semi-space-size=8"
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT ?? process.env.HTTP_PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM service AS gateway
ENV HEALTH_PORT=4100
COPY --from=production /app/apps/gateway apps/gateway
CMD ["node", "apps/gateway/dist/main.js"]

FROM service AS users
COPY --from=production /app/apps/users apps/users
CMD ["node", "apps/users/dist/main.js"]

FROM service AS vms
COPY --from=production /app/apps/vms apps/vms
CMD ["node", "apps/vms/dist/main.js"]

FROM service AS networks
COPY --from=production /app/apps/networks apps/networks
CMD ["node", "apps/networks/dist/main.js"]

FROM service AS firewall
COPY --from=production /app/apps/firewall apps/firewall
CMD ["node", "apps/firewall/dist/main.js"]

FROM service AS metrics-collector
COPY --from=production /app/apps/metrics-collector apps/metrics-collector
CMD ["node", "apps/metrics-collector/dist/main.js"]

FROM service AS realtime
ENV HEALTH_PORT=4107
COPY --from=production /app/apps/realtime apps/realtime
CMD ["node", "apps/realtime/dist/main.js"]

# Talks to the host's libvirtd and reads the host's kernel rules: runs as root (see docker-compose.yml).
FROM service AS hypervisor-agent
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvirt0 qemu-utils iptables ebtables iproute2 dnsmasq-utils \
  && rm -rf /var/lib/apt/lists/*
COPY --from=native /build/native/target/release/liblibvirt_napi.so native/libvirt-napi/libvirt.linux-x64-gnu.node
COPY --from=production /app/apps/hypervisor-agent apps/hypervisor-agent
CMD ["node", "apps/hypervisor-agent/dist/main.js"]
