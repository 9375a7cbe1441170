# syntax=docker/dockerfile:1
# The server with the demo zoo inside.
#
#   docker build -t tiekd .                                     runs anywhere; torch as pip has it, see below
#   docker build -t tiekd --build-arg TORCH_INDEX=URL .         torch from a package index of your choice
#   docker build -t tiekd --build-arg BASE=IMAGE .              another base image, one with CUDA for example
#   docker run -p 8000:8000 tiekd
#   docker run -p 8000:8000 --gpus all tiekd                    where torch is a CUDA build
#
# On x86-64 pip's own torch is a CUDA build of several GB, on Arm a small one for the CPU. For a small image take the
# index of the CPU build: it stands in the command of PyTorch's "Get Started" page for Linux, Pip, CPU.
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
ARG TORCH_INDEX=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/tiekd
RUN if [ -n "$TORCH_INDEX" ]; then \
      /opt/tiekd/bin/pip install --index-url "$TORCH_INDEX" torch torchvision; \
    else \
      /opt/tiekd/bin/pip install torch torchvision; \
    fi
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY tiekd tiekd
COPY server server
COPY static static
COPY templates templates
COPY models models
RUN /opt/tiekd/bin/pip install .

FROM ${BASE}
LABEL org.opencontainers.image.title="tiekd" \
      org.opencontainers.image.description="Monocular depth distillation: viewer and depth service" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/tiekd /opt/tiekd
RUN useradd --create-home --uid 10001 tiekd
USER 10001
WORKDIR /home/tiekd
ENV PATH=/opt/tiekd/bin:$PATH PYTHONUNBUFFERED=1 TIEKD_HOME=/home/tiekd/.tiekd
# One damaged file of weights must not make a container unhealthy that serves all other models; /readyz names it.
ENV TIEKD_STRICT=false
EXPOSE 8000
# Ready, not only alive: /healthz answers as soon as the process listens.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["tiekd", "serve", "--host", "0.0.0.0", "--port", "8000"]
