#include "front/front_conf.h"

static const struct row tls_rows[] = {
	ROW_STR(struct front_tls_conf, cert, 0, 4096, "", ROW_RELOAD, "certificate chain, PEM file; empty: plain HTTP"),
	ROW_STR(struct front_tls_conf, key, 0, 4096, "", ROW_RELOAD, "private key of the certificate, PEM file"),
};
const struct section front_conf_tls = ROW_TABLE("tls", struct front_tls_conf, tls_rows);

static const struct row limits_rows[] = {
	ROW_BYTES(struct front_limits_conf, head, 1024, 1u << 20, "32KiB", ROW_RELOAD,
		"largest request head; more is 431"),
	ROW_BYTES(struct front_limits_conf, body, 1024, 1u << 30, "32MiB", ROW_RELOAD,
		"largest request body; more is 413"),
	ROW_BYTES(struct front_limits_conf, buffered, 1u << 20, 1ull << 40, "1GiB", ROW_RELOAD,
		"bodies and answers held in memory by all requests together; above it new requests get 503"),
	ROW_INT(struct front_limits_conf, connections, 1, 1000000, "100000", ROW_RELOAD,
		"client connections at once; more are closed when they come"),
};
const struct section front_conf_limits = ROW_TABLE("limits", struct front_limits_conf, limits_rows);

static const struct row timeouts_rows[] = {
	ROW_MS(struct front_timeouts_conf, head, 100, 600000, "10s", ROW_RELOAD,
		"time to send a request's head; then 408"),
	ROW_MS(struct front_timeouts_conf, request, 100, 3600000, "60s", ROW_RELOAD,
		"time to send a whole request; then 408"),
	ROW_MS(struct front_timeouts_conf, idle, 100, 86400000, "75s", ROW_RELOAD,
		"an unused client connection is kept this long; give a load balancer in front a shorter time"),
	ROW_MS(struct front_timeouts_conf, write, 100, 3600000, "60s", ROW_RELOAD,
		"a client that takes no byte for this long is cut"),
};
const struct section front_conf_timeouts = ROW_TABLE("timeouts", struct front_timeouts_conf, timeouts_rows);

static const struct row admin_rows[] = {
	ROW_STR(struct front_admin_conf, listen, 0, 4096, "127.0.0.1:9901", ROW_RESTART,
		"address for /metrics, /healthz and /readyz; empty: none"),
};
const struct section front_conf_admin = ROW_TABLE("admin", struct front_admin_conf, admin_rows);

static const struct row drain_rows[] = {
	ROW_MS(struct front_drain_conf, delay, 0, 600000, "2s", ROW_RELOAD,
		"after SIGTERM new requests are still taken this long, "
		"until load balancers have seen /readyz turn 503"),
	ROW_MS(struct front_drain_conf, limit, 0, 86400000, "5m", ROW_RELOAD,
		"after SIGTERM requests in progress may take this long; then they are told and cut"),
};
const struct section front_conf_drain = ROW_TABLE("drain", struct front_drain_conf, drain_rows);
