# The same files as in the image of make image, for those who want to build with a container engine:
#   docker build -t ghcr.io/tenantview/tenantview-apiserver:dev .
# The version comes from .git; --build-arg=VERSION=vX.Y.Z sets another one.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY . .
ARG TARGETPLATFORM
ARG VERSION
ARG COMMIT
ARG SOURCE_DATE_EPOCH
RUN go -C hack/image run . files -platforms "$TARGETPLATFORM" -to /image

FROM scratch
COPY --from=build /image/ /
LABEL org.opencontainers.image.title="tenantview-apiserver" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://capsule.dev/tenantview"
ENV PATH=/
WORKDIR /
EXPOSE 8443/tcp
USER 65532:65532
ENTRYPOINT ["/tenantview-apiserver"]
