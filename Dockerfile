# Licensed to the Apache Software Foundation (ASF) under the Apache License,
# Version 2.0; see the files LICENSE and NOTICE at the top of this repository.
#
# The image that the action runs in: one binary, glibc and the CA certificates.
# Both bases are pinned by digest, the dependencies by Cargo.lock, and nothing
# is fetched but by cargo. The tests build this very file with only the names
# of the two bases replaced (tests/container/build).

FROM rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082 AS build
# What users get: fat LTO, and the features that this one package asks for.
# The tests pass "dev" and "--workspace", for which they have compiled already.
ARG PROFILE=dist
ARG SCOPE=--package=asf-pypi-publish
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
# The lock covers the test bed too; its manifest and an empty library are
# enough for cargo, which builds neither here.
COPY tests/testbed/Cargo.toml tests/testbed/Cargo.toml
RUN mkdir -p tests/testbed/src && touch tests/testbed/src/lib.rs
COPY src src
# Cargo names the folder of the profile "dev" "debug", and all others as they are.
RUN cargo build --locked --profile "$PROFILE" "$SCOPE" --bin asf-pypi-publish \
    && folder="$PROFILE" && if [ "$folder" = dev ]; then folder=debug; fi \
    && cp "target/$folder/asf-pypi-publish" /asf-pypi-publish

# No USER line: the runner gives files that belong to root, and starts actions so.
FROM gcr.io/distroless/cc-debian12@sha256:e5d81ddde149641e2a9ba55be4545bc125c67de07508b03ba4c22e6eb0ded5aa AS action
COPY LICENSE NOTICE /
COPY --from=build /asf-pypi-publish /asf-pypi-publish
ENTRYPOINT ["/asf-pypi-publish"]
