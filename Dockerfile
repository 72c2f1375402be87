# One static binary and the CA bundle, nothing else: docker build -t innertrail:0.1.0 .
#
# Any image with Rust 1.95, a C compiler and the static glibc (libc6-dev) will do as builder.
ARG BUILDER=rust:1.95-slim-bookworm

FROM ${BUILDER} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# crt-static needs an explicit target, or proc-macros would be built static too. A static glibc cannot look
# getrandom up at run time and would fall back to /dev/random, which `FROM scratch` does not promise.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"' \
    cargo build --locked --profile dist --target "$target" --package innertrail --bin innertrail \
 && install -D "target/$target/dist/innertrail" /out/innertrail \
 && install -D --mode 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /out/ /
# A number, so that `runAsNonRoot` can be checked without /etc/passwd.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/innertrail"]
CMD ["run"]
