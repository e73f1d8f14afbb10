# Chorus for production: the locked dependencies and the wheel of this checkout, run by a user without rights.
FROM python:3.13-slim AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt requirements-dev.txt ./
RUN python -m venv /chorus && /chorus/bin/pip install --no-deps --require-hashes -r requirements.txt
# What builds the wheel stays behind in this stage.
RUN python -m venv /builder && /builder/bin/pip install --no-deps --require-hashes -r requirements-dev.txt
COPY . .
RUN /builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . && /chorus/bin/pip install --no-deps --no-index dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin chorus
COPY --from=build /chorus /chorus
ENV PATH=/chorus/bin:$PATH PYTHONUNBUFFERED=1 CHORUS_HOST=0.0.0.0 CHORUS_ENVIRONMENT=production
USER chorus
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["chorus", "serve"]
