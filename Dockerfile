# copilot-lsp on the CPU. The image runs on every x86-64 or arm64 CPU: llama.cpp chooses its kernels when it starts.
#
#   docker build -t copilot-lsp .
#   docker run --rm -v "$PWD:/work" copilot-lsp complete src/app.py:12:5
#   docker run --rm -i -v "$PWD:$PWD" copilot-lsp serve          # what an editor starts
#
# Takes our wheel of llama-cpp-python from dist/ when it is there, and compiles it when not: about 40 minutes of one core.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN ls dist/llama_cpp_python-*.whl || { apt-get update && apt-get install -y --no-install-recommends g++ make && python3 scripts/portable_wheel.py --out dist; }
RUN python3 -m venv /tmp/pip && /tmp/pip/bin/pip wheel --quiet --no-deps --wheel-dir /tmp/server .
RUN COPILOT_LSP_LLAMA_WHEEL="$(ls dist/llama_cpp_python-*.whl)" python3 scripts/install.py /opt/copilot-lsp /tmp/server/copilot_lsp-*.whl
# One wheel for all CPUs or none: compiled for the machine that builds, the image would not run on others.
RUN ls /opt/copilot-lsp/lib/python3*/site-packages/llama_cpp/lib/*ggml-cpu-*

FROM python:3.13-slim-bookworm
COPY --from=build /opt/copilot-lsp /opt/copilot-lsp
ENV PATH=/opt/copilot-lsp/bin:$PATH
RUN useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["copilot-lsp"]
CMD ["--help"]
