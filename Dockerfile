# TheWay in a container: not root, nothing of its own to write but /data and /tmp, no secret
# within. Which service it is, the command says (Procfile, compose.yaml).
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
RUN python -m venv /opt/venv
COPY requirements.lock /build/
# What is locked and nothing else, and no code of a package runs while it is installed.
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary=:all: --requirement /build/requirements.lock
COPY . /app
# The settings want a folder for data; it and the secret key made in it do not leave this line.
RUN cd /app && THEWAY_DATA_DIR=/tmp/build STATIC_DIR=/app/staticfiles \
    /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf /tmp/build && /opt/venv/bin/python -m compileall -q /app && chmod -R a+rX,go-w /app

FROM ${PYTHON_IMAGE}
# pg_dump and psql, for `manage.py backup` and `restore`.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 theway \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin theway \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data /backups
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    THEWAY_DATA_DIR=/data \
    STATIC_DIR=/app/staticfiles \
    TRAINER_DIR=/data/trainer \
    WEB_HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
USER 10001:10001
VOLUME ["/data", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-m", "theway.probe"]
CMD ["python", "-m", "theway.server", "--host", "0.0.0.0", "--port", "8000"]
