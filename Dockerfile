# One image for each program: docker build --target zone-cp -t mesh/zone-cp:dev .
# docs/guides/containers.md says how they are used. Needs BuildKit (the default of Docker 23 and newer).

# Has Node and what it links to. The programs run on 20.19 and newer.
ARG NODE_IMAGE=node:24-slim
# Has /usr/local/bin/envoy.
ARG ENVOY_IMAGE=envoyproxy/envoy:v1.40.0
# `build` makes the programs in here; `prebuilt` takes what `npm run build` has made in this checkout.
ARG BUNDLES=build

# ---- the programs, which are the same on every architecture
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /mesh
COPY package.json ./
RUN npm install --global "$(node -p 'require("./package.json").packageManager')"
COPY . .
RUN --mount=type=cache,target=/pnpm-store pnpm install --frozen-lockfile --store-dir /pnpm-store
RUN pnpm exec turbo run build --filter './apps/*' && find apps/*/dist -name '*.map' -delete

FROM scratch AS prebuilt
COPY bin /mesh/bin
COPY package.json /mesh/
COPY tooling/provision/launch.mjs /mesh/tooling/provision/
COPY apps /mesh/apps

FROM ${BUNDLES} AS bundles

FROM ${ENVOY_IMAGE} AS envoy

# ---- a root file system with Node and the libraries it is linked with, and nothing else: no shell, no package manager
FROM ${NODE_IMAGE} AS rootfs
COPY tooling/images/make-rootfs.mjs /
RUN ["node", "/make-rootfs.mjs", "/rootfs"]

FROM scratch AS runtime
COPY --from=rootfs /rootfs /
COPY --from=bundles /mesh/package.json /mesh/
COPY --from=bundles /mesh/tooling/provision/launch.mjs /mesh/tooling/provision/
COPY tooling/images/healthcheck.mjs /mesh/tooling/images/
ENV NODE_ENV=production HOME=/var/lib/mesh PATH=/usr/local/bin
USER 10001:10001
WORKDIR /var/lib/mesh
STOPSIGNAL SIGTERM
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Mesh" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Asks for `/ready` on the port of health and metrics, and waits a while for the answer; what is not ready yet is in the output of the
# check. It is asked seldom, as each time is a start of Node.
FROM runtime AS service
HEALTHCHECK --interval=30s --timeout=30s CMD ["node", "/mesh/tooling/images/healthcheck.mjs", "KUMA_DIAGNOSTICS_SERVER_PORT", "5680"]

# ---- the services of a control plane; options of Node are those of bin/
FROM service AS global-cp
LABEL org.opencontainers.image.title="global-cp" org.opencontainers.image.description="Global control plane: policies, zones, KDS."
COPY --from=bundles /mesh/bin/global-cp /mesh/bin/
COPY --from=bundles /mesh/apps/global-cp/dist /mesh/apps/global-cp/dist
EXPOSE 5680 5684 5685
ENTRYPOINT ["node", "--max-semi-space-size=4", "--v8-pool-size=1", "/mesh/bin/global-cp"]

FROM service AS zone-cp
LABEL org.opencontainers.image.title="zone-cp" org.opencontainers.image.description="Zone control plane: bootstrap and xDS of sidecars."
COPY --from=bundles /mesh/bin/zone-cp /mesh/bin/
COPY --from=bundles /mesh/apps/zone-cp/dist /mesh/apps/zone-cp/dist
EXPOSE 5678 5680 5684
ENTRYPOINT ["node", "--max-semi-space-size=4", "--no-flush-bytecode", "--v8-pool-size=1", "/mesh/bin/zone-cp"]

FROM service AS ingress-manager
LABEL org.opencontainers.image.title="ingress-manager" org.opencontainers.image.description="xDS of zone ingresses and egresses."
COPY --from=bundles /mesh/bin/ingress-manager /mesh/bin/
COPY --from=bundles /mesh/apps/ingress-manager/dist /mesh/apps/ingress-manager/dist
EXPOSE 5679 5680
ENTRYPOINT ["node", "--optimize-for-size", "--max-semi-space-size=2", "--v8-pool-size=1", "/mesh/bin/ingress-manager"]

FROM service AS dns-resolver
LABEL org.opencontainers.image.title="dns-resolver" org.opencontainers.image.description="DNS of the names of a mesh."
COPY --from=bundles /mesh/bin/dns-resolver /mesh/bin/
COPY --from=bundles /mesh/apps/dns-resolver/dist /mesh/apps/dns-resolver/dist
EXPOSE 5653/udp 5653 5680
ENTRYPOINT ["node", "--optimize-for-size", "--max-semi-space-size=2", "--v8-pool-size=1", "/mesh/bin/dns-resolver"]

FROM service AS api-gateway
LABEL org.opencontainers.image.title="api-gateway" org.opencontainers.image.description="REST API of a control plane."
COPY --from=bundles /mesh/bin/api-gateway /mesh/bin/
COPY --from=bundles /mesh/apps/api-gateway/dist /mesh/apps/api-gateway/dist
EXPOSE 5680 5681 5682
ENTRYPOINT ["node", "--max-semi-space-size=4", "--v8-pool-size=1", "/mesh/bin/api-gateway"]

FROM service AS kuma-cp
LABEL org.opencontainers.image.title="kuma-cp" org.opencontainers.image.description="All services of a control plane in one process."
COPY --from=bundles /mesh/bin/kuma-cp /mesh/bin/
COPY --from=bundles /mesh/apps/kuma-cp/dist /mesh/apps/kuma-cp/dist
EXPOSE 5653/udp 5653 5678 5679 5680 5681 5682 5685
ENTRYPOINT ["node", "--max-semi-space-size=8", "--no-flush-bytecode", "--v8-pool-size=1", "/mesh/bin/kuma-cp"]
CMD ["run"]

# ---- beside applications
FROM runtime AS kuma-dp
LABEL org.opencontainers.image.title="kuma-dp" org.opencontainers.image.description="Envoy beside an application, or at the edge of a zone."
COPY --from=envoy /usr/local/bin/envoy /usr/local/bin/envoy
COPY --from=bundles /mesh/bin/kuma-dp /mesh/bin/
COPY --from=bundles /mesh/apps/kuma-dp/dist /mesh/apps/kuma-dp/dist
HEALTHCHECK --interval=30s --timeout=30s CMD ["node", "/mesh/tooling/images/healthcheck.mjs", "KUMA_READINESS_PORT", "9902"]
ENTRYPOINT ["node", "--max-semi-space-size=2", "--v8-pool-size=1", "/mesh/bin/kuma-dp"]
CMD ["run"]

FROM runtime AS kuma-prometheus-sd
LABEL org.opencontainers.image.title="kuma-prometheus-sd" org.opencontainers.image.description="Targets of Prometheus, as a file."
COPY --from=bundles /mesh/bin/kuma-prometheus-sd /mesh/bin/
COPY --from=bundles /mesh/apps/kuma-prometheus-sd/dist /mesh/apps/kuma-prometheus-sd/dist
ENTRYPOINT ["node", "--max-semi-space-size=2", "--v8-pool-size=1", "/mesh/bin/kuma-prometheus-sd"]

# ---- tools
FROM runtime AS kumactl
LABEL org.opencontainers.image.title="kumactl" org.opencontainers.image.description="Command line client of the REST API."
COPY --from=bundles /mesh/bin/kumactl /mesh/bin/
COPY --from=bundles /mesh/apps/kumactl/dist /mesh/apps/kumactl/dist
ENTRYPOINT ["node", "/mesh/bin/kumactl"]

# kumactl with the scripts that prepare the compose lab, and places for the volumes it fills.
FROM kumactl AS lab-setup
LABEL org.opencontainers.image.title="lab-setup" org.opencontainers.image.description="Prepares the compose lab."
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/global
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/zone-1
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/zone-2
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/zone-1-proxies
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/zone-2-proxies
COPY --from=rootfs --chown=10001:10001 /rootfs/var/lib/mesh /secrets/admin
COPY deploy/compose/*.mjs deploy/compose/*.yaml /mesh/deploy/compose/
ENTRYPOINT ["node"]

# The application of the lab. Unlike the others it has a shell and curl, to try things from within.
FROM ${NODE_IMAGE} AS demo
RUN command -v curl >/dev/null || (apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*)
COPY --from=bundles /mesh/package.json /mesh/
COPY --from=bundles /mesh/tooling/provision/launch.mjs /mesh/tooling/provision/
COPY --from=bundles /mesh/bin/kuma-tcp-echo /mesh/bin/
COPY --from=bundles /mesh/apps/kuma-tcp-echo/dist /mesh/apps/kuma-tcp-echo/dist
LABEL org.opencontainers.image.title="demo" org.opencontainers.image.description="Application that answers with what it was asked." \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--max-semi-space-size=2", "--v8-pool-size=1", "/mesh/bin/kuma-tcp-echo"]
