# MinIO and its client from source: their makers publish no images any more.
# Every pin is an argument, and docker-compose.yml gives them.
ARG GO_IMAGE
FROM ${GO_IMAGE} AS build
ARG MINIO_VERSION
ARG MC_VERSION
RUN CGO_ENABLED=0 GOBIN=/out go install github.com/minio/minio@${MINIO_VERSION} \
 && CGO_ENABLED=0 GOBIN=/out go install github.com/minio/mc@${MC_VERSION}

FROM scratch
COPY --from=build /out/minio /out/mc /
ENTRYPOINT ["/minio"]
