# weir in a small image.  To build:  docker build -t weir .
# To run, with providers from the keys in the environment:
#   docker run -p 8080:8080 -e OPENAI_API_KEY weir
# The demo, which needs no key:
#   docker run -p 8080:8080 weir demo --listen 0.0.0.0:8080
# With a configuration:
#   docker run -p 8080:8080 -v ./weir.yaml:/etc/weir.yaml:ro weir run -c /etc/weir.yaml
# tests/image proves these steps in a Debian 13 root; it refuses an instruction that it does not know.

FROM debian:13-slim AS build
WORKDIR /weir
COPY deps/install deps/install
RUN sh deps/install
COPY meson.build ./
COPY tests/meson.build tests/meson.build
COPY src src
RUN meson setup /tmp/build --buildtype=release --strip -Db_pie=true -Db_lto=true --prefix=/usr/local \
	&& ninja -C /tmp/build \
	&& DESTDIR=/out meson install -C /tmp/build --no-rebuild

FROM debian:13-slim
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
	&& apt-get install -y --no-install-recommends \
		ca-certificates libcares2 libfyaml0 liblz4-1 libssl3t64 libuv1t64 libyyjson0 zlib1g \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /out/usr/local/bin/weir /usr/local/bin/weir
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s --retries=3 \
	CMD ["/usr/local/bin/weir", "health", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/local/bin/weir"]
CMD ["run"]
