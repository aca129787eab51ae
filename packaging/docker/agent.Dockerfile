# The agent, and `sealift listen`. From the root of the repository:
#   docker build -f packaging/docker/agent.Dockerfile -t sealift .

FROM python:3.13.13-slim-trixie AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Wheels of pinned versions only, each with one of the hashes that are written there.
COPY packaging/docker/build.txt packaging/docker/agent.txt ./
RUN python -m venv --without-pip /opt/sealift \
 && pip install --only-binary :all: --require-hashes -r build.txt \
 && pip --python /opt/sealift/bin/python install --only-binary :all: --require-hashes -r agent.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/sealift/bin/python install --no-deps --no-index /wheels/*.whl \
 && pip --python /opt/sealift/bin/python check

FROM python:3.13.13-slim-trixie
COPY --from=build /opt/sealift /opt/sealift
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/sealift
ENV PATH=/opt/sealift/bin:$PATH \
    HOME=/var/lib/sealift \
    SEALIFT_STATE_DIR=/var/lib/sealift \
    SEALIFT_AGENT__STATE_DIR=/var/lib/sealift \
    SEALIFT_AGENT__METRICS_PORT=9464 \
    SEALIFT_HEALTH_URL=http://127.0.0.1:9464/healthz
USER 65532:65532
WORKDIR /var/lib/sealift
# Ledger and spool: what is accepted and not delivered yet is here, and nowhere else.
VOLUME ["/var/lib/sealift"]
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["sealift", "health"]
ENTRYPOINT ["sealift"]
CMD ["run", "/etc/sealift/sealift.toml"]
