# iam-preflight for CodeBuild, GitLab and other pipelines that run in images: a static program, with git for `--base git:REF`.
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN cargo build --release --locked

FROM alpine:3
RUN apk add --no-cache git
COPY --from=build /source/target/release/iam-preflight /usr/local/bin/iam-preflight
# No ENTRYPOINT: pipelines run shells in the image.
CMD ["iam-preflight", "--help"]
