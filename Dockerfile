# The demo on a server of one's own, without network once it is built:
#   docker build -t neuronarrator .
#   docker run --rm --read-only --tmpfs /tmp:size=2g -p 127.0.0.1:7860:7860 neuronarrator
# With a GPU: docker run --gpus all ..., built with --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cuNNN, one that
# has the torch of constraints.txt.
FROM python:3.12-slim

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN useradd --create-home --uid 1000 user
WORKDIR /home/user/app
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY hub/model hub/model
COPY src src
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" --constraint constraints.txt torch \
    && pip install --no-cache-dir --constraint constraints.txt ".[space]" \
    && rm -rf src hub

ENV HF_HUB_OFFLINE=1 MPLCONFIGDIR=/tmp/matplotlib PYTHONUNBUFFERED=1
USER 1000
EXPOSE 7860
HEALTHCHECK --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/')"]
CMD ["neuronarrator", "app", "--host", "0.0.0.0", "--port", "7860"]
