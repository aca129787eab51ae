# The presigner. From the root of the repository:
#   docker build -f packaging/docker/presigner.Dockerfile -t sealift-presigner .

FROM python:3.13.13-slim-trixie AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Wheels of pinned versions only, each with one of the hashes that are written there.
COPY packaging/docker/build.txt packaging/docker/presigner.txt ./
RUN python -m venv --without-pip /opt/sealift \
 && pip install --only-binary :all: --require-hashes -r build.txt \
 && pip --python /opt/sealift/bin/python install --only-binary :all: --require-hashes -r presigner.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/sealift/bin/python install --no-deps --no-index /wheels/*.whl \
 && pip --python /opt/sealift/bin/python check

FROM python:3.13.13-slim-trixie
COPY --from=build /opt/sealift /opt/sealift
ENV PATH=/opt/sealift/bin:$PATH \
    HOME=/nonexistent \
    SEALIFT_HEALTH_URL=http://127.0.0.1:8787/healthz
USER 65532:65532
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["sealift", "health"]
ENTRYPOINT ["sealift", "presigner"]
# Audit lines go to standard output.
CMD ["serve", "--host", "0.0.0.0", "/etc/sealift/presigner.toml"]
