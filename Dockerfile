# docker build -t stylize .                                                          for CPUs, amd64 or arm64
# docker build -t stylize:cuda --build-arg TORCH_INDEX=https://pypi.org/simple .     for NVIDIA GPUs
# docker run --rm -p 127.0.0.1:8000:8000 stylize                                     http://localhost:8000
# docker run --rm -v "$PWD:/work" --user "$(id -u)" stylize photo.jpg starry.jpg     any other command

FROM python:3.11-slim-bookworm AS build
# Where torch comes from: its own index has wheels for CPUs alone, PyPI's bring CUDA along.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /source
RUN python3 -m venv /opt/stylize
ENV PATH=/opt/stylize/bin:$PATH
COPY .constraints.txt ./
RUN pip install --no-cache-dir --constraint .constraints.txt --index-url "$TORCH_INDEX" torch torchvision
COPY pyproject.toml README.md LICENSE ./
COPY styletransfer styletransfer
COPY weights weights
COPY examples examples
RUN pip install --no-cache-dir --constraint .constraints.txt ".[serve]"

FROM python:3.11-slim-bookworm
COPY --from=build /opt/stylize /opt/stylize
ENV PATH=/opt/stylize/bin:$PATH STYLETRANSFER_CACHE=/tmp/styles
RUN useradd --uid 1000 --create-home stylize
WORKDIR /work
USER 1000
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python3", "-c", "from urllib.request import urlopen as u; u('http://127.0.0.1:8000/health')"]
ENTRYPOINT ["stylize"]
CMD ["serve", "--host", "0.0.0.0"]
