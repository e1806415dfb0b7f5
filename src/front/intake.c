#include "front/intake.h"

#include "base/counter.h"
#include "base/siphash.h"
#include "codec/url.h"
#include "loop/loop.h"
#include "upstream/line.h"

_Static_assert(CLIENT_KEY_WEIGHT_MAX <= LINE_WEIGHT_MAX, "every configured weight fits a line");

#define FIELD_BYTES 1024u		/* of a header field that goes on to a provider */
#define LONGEST_TIMEOUT_MS 86400000u	/* a day: longer is no deadline */

enum field {
#define FIELD(id, name) FIELD_##id,
#include "front/fields.def"
#undef FIELD
	FIELD_N,
};

static const struct slice names[] = {
#define FIELD(id, name) { name, sizeof(name) - 1 },
#include "front/fields.def"
#undef FIELD
};

/* Bit n: some name has n letters.  Most fields of a request are passed over by that alone. */
enum { FIELD_LENGTHS = 0
#define FIELD(id, name) | 1 << (sizeof(name) - 1)
#include "front/fields.def"
#undef FIELD
};

/* Values of the fields of fields.def; p NULL: absent. */
struct fields {
	const struct http1_head *head;
	struct slice v[FIELD_N];
};

/* One look at each field instead of one look-up for each name. */
static void read_fields(const struct http1_head *head, struct fields *out)
{
	*out = (struct fields){ .head = head };
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http1_field *f = &head->fields[i];
		if (f->name.n > 30 || !(FIELD_LENGTHS >> f->name.n & 1))
			continue;
		for (size_t k = 0; k < FIELD_N; k++)
			if (names[k].n == f->name.n && out->v[k].p == NULL && slice_case_eq(names[k], f->name))
				out->v[k] = f->value;
	}
}

static void put_hex(char *out, uint64_t v, size_t digits)
{
	while (digits--) {
		out[digits] = "0123456789abcdef"[v & 15];
		v >>= 4;
	}
}

void intake_begin(struct intake *q, const struct front *f)
{
	struct dice *d = f->exchange->flight.dice;

	*q = (struct intake){ .start_ns = loop_now(f->loop), .wall_ms = loop_wall_ms(f->loop) };
	memcpy(q->id, "req_", 4);
	put_hex(q->id + 4, dice_u64(d), 16);
	put_hex(q->id + 20, dice_u64(d) >> 32, 8);
}

/* Letters that are harmless in a header, a log and a label (faults.md, header and log injection). */
static bool id_ok(struct slice id)
{
	if (id.n == 0 || id.n > 64)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

static void read_options(struct intake *q, const struct fields *in)
{
	struct slice id = in->v[FIELD_REQUEST_ID], strict = in->v[FIELD_STRICT];
	uint64_t v;

	if (id_ok(id))
		slice_copy(id, q->id, sizeof(q->id));
	if (slice_u64(in->v[FIELD_HOPS], &v))
		q->hops = (unsigned)MIN_OF(v, 1000u);
	if (slice_u64(in->v[FIELD_TIMEOUT_MS], &v))
		q->timeout_ms = MIN_OF(v, LONGEST_TIMEOUT_MS);
	q->door.strict = slice_case_eq(strict, SLICE("true")) || slice_eq(strict, SLICE("1"));
	q->anthropic = in->v[FIELD_ANTHROPIC_VERSION].n > 0;
}

/* No word is as good as none; another one is a mistake that would go unnoticed for long. */
static enum err read_priority(struct slice word, enum request_priority *out)
{
	*out = request_priority(word);
	return word.n && *out == REQUEST_PRIORITY_UNSAID ? ERR_BAD_PRIORITY : ERR_OK;
}

/* --- tenants -------------------------------------------------------------------------------------------- */

/* The value of `name=` in a query, as it stands there. */
static struct slice query_value(struct slice query, struct slice name)
{
	struct slice piece;

	while (slice_next(&query, '&', &piece))
		if (slice_starts(piece, name) && piece.n > name.n && piece.p[name.n] == '=')
			return slice_skip(piece, name.n + 1);
	return SLICE_EMPTY;
}

/* What stands in a field, without its scheme. */
static struct slice bare_key(struct slice key)
{
	static const struct slice bearer = { "Bearer ", 7 };

	if (key.n > bearer.n && slice_case_eq(slice_of(key.p, bearer.n), bearer))
		key = slice_trim(slice_skip(key, bearer.n));
	return key;
}

static uint64_t tenant_of(const struct front *f, struct slice key)
{
	return key.n ? siphash(&f->exchange->tenant_key, key) | 1 : 0;
}

/* Also through a reload its name is there. */
static void take_client(struct intake *q, const struct client_key *k)
{
	q->client = k ? arena_copy(&q->texts, k->name) : SLICE_EMPTY;
	q->door.weight = k ? k->weight : 0;
	q->door.priority = client_key_priority(k, q->door.priority);
}

/* Whoever shows the same credential is the same tenant, on all nodes.  The hash is keyed; 0 stands for none. */
static void read_tenant(struct intake *q, const struct front *f, const struct fields *in, struct slice query)
{
	static const enum field places[] = { FIELD_AUTHORIZATION, FIELD_X_API_KEY, FIELD_API_KEY,
		FIELD_X_GOOG_API_KEY };
	struct slice shown = query_value(query, SLICE("key"));

	for (size_t i = 0; i < COUNT_OF(places) && shown.n == 0; i++)
		shown = in->v[places[i]];
	shown = bare_key(shown);
	q->door.tenant = q->door.waits_as = tenant_of(f, shown);
	take_client(q, client_key_find(&f->keys, &f->exchange->sha, shown));
}

/* RFC 9111 5.2.1; what is not known is ignored. */
static void take_cache_control(struct intake *q, struct slice field)
{
	struct slice word, age = SLICE("max-age=");
	uint64_t s;

	while (slice_next(&field, ',', &word)) {
		q->door.no_cache |= slice_case_eq(word, SLICE("no-cache")) || slice_case_eq(word, SLICE("no-store"));
		q->door.no_store |= slice_case_eq(word, SLICE("no-store"));
		if (word.n <= age.n || !slice_case_eq(slice_of(word.p, age.n), age)
				|| !slice_u64(slice_skip(word, age.n), &s))
			continue;
		q->door.no_cache |= s == 0;
		q->door.max_age_ms = MIN_OF(s, UINT64_MAX / 1000) * 1000;
	}
}

/* A list that may stand in several fields (RFC 9110 5.3): proxies add their own. */
static void read_cache_control(struct intake *q, const struct fields *in)
{
	for (size_t i = 0; i < in->head->n_fields && in->v[FIELD_CACHE_CONTROL].p; i++)
		if (slice_case_eq(in->head->fields[i].name, SLICE("cache-control")))
			take_cache_control(q, in->head->fields[i].value);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

/* A list that may stand in several fields.  Half of one would ask for something else, so it is taken whole or not at
 * all; then the request shares no answer with those that never had one. */
static void read_betas(struct intake *q, const struct http1_head *head)
{
	struct request_door *d = &q->door;

	for (size_t i = 0; i < head->n_fields && !d->betas_lost; i++) {
		const struct http1_field *f = &head->fields[i];
		size_t before_n = d->betas.n ? d->betas.n + 1 : 0;
		if (f->value.n == 0 || !slice_case_eq(f->name, SLICE("anthropic-beta")))
			continue;
		if (before_n + f->value.n > FIELD_BYTES)
			d->betas_lost = d->alone = d->no_cache = d->no_store = true;
		else
			d->betas = d->betas.n ? arena_printf(&q->texts, "%.*s,%.*s", SLICE_ARG(d->betas),
				SLICE_ARG(f->value)) : arena_copy(&q->texts, f->value);
	}
	if (d->betas_lost)
		d->betas = SLICE_EMPTY;
}

static enum err read_gemini(struct intake *q, struct slice rest, struct slice query)
{
	struct slice name;
	const struct endpoint_method *m = endpoint_method_of(rest, &name);

	if (m == NULL || !url_decode(&q->texts, name, &q->door.model))
		return ERR_NOT_FOUND;
	q->dialect = m->dialect;
	q->label = m->label;
	q->door.stream = m->stream;
	q->door.framing = m->stream ? REQUEST_JSON_ARRAY : REQUEST_SSE;
	if (slice_eq(query_value(query, SLICE("alt")), SLICE("sse")))
		q->door.framing = REQUEST_SSE;
	return ERR_OK;
}

static bool is_type(struct slice type, const char *want)
{
	struct slice bare = slice_trim(slice_of(type.p, slice_find(type, ';')));
	return slice_case_eq(bare, slice_str(want));
}

/* A path that goes on to a provider, with our key: nothing in it may mean another place (dots, escapes). */
static bool is_plain(struct slice path)
{
	return path.n == 0 || slice_is_token(path, "/_-");
}

static enum err read_raw(struct intake *q, struct slice type, struct slice path)
{
	if (!is_plain(path))
		return ERR_NOT_FOUND;
	q->door.path = arena_copy(&q->texts, slice_skip(path, strlen("/v1")));
	/* Of JSON there is one kind; of a form the provider needs the boundary. */
	if (type.n <= FIELD_BYTES && is_type(type, "multipart/form-data"))
		q->door.content_type = arena_copy(&q->texts, type);
	return ERR_OK;
}

/* "bad ID", the ID as x-weir-cache-id told it; whatever else it says is no complaint. */
static uint64_t read_feedback(struct slice v)
{
	struct slice bad = SLICE("bad ");
	uint64_t id = 0;

	if (!slice_starts(v, bad) || v.n != bad.n + 16)
		return 0;
	for (size_t i = bad.n; i < v.n; i++) {
		const char *digits = "0123456789abcdef", *at = memchr(digits, v.p[i], 16);
		if (at == NULL)
			return 0;
		id = id << 4 | (uint64_t)(at - digits);
	}
	return id;
}

static enum err read_call(struct intake *q, const struct front *f, const struct fields *in, struct slice path,
	struct slice rest, struct slice query)
{
	enum err e = read_priority(in->v[FIELD_PRIORITY], &q->door.priority);

	if (e != ERR_OK)
		return e;
	read_tenant(q, f, in, query);
	read_cache_control(q, in);
	q->door.feedback = read_feedback(in->v[FIELD_FEEDBACK]);
	q->door.alone = slice_case_eq(in->v[FIELD_JOIN], SLICE("no"));
	if (q->endpoint->kind == ENDPOINT_GEMINI)
		return read_gemini(q, rest, query);
	if (q->dialect && q->dialect->family == DIALECT_ANTHROPIC)
		read_betas(q, in->head);
	return q->dialect && q->dialect->op == REQUEST_RAW ? read_raw(q, in->v[FIELD_CONTENT_TYPE], path) : ERR_OK;
}

/* ?model=NAME, and x-weir-client-key: the key of the client whose answers are to go. */
static enum err read_purge(struct intake *q, const struct front *f, const struct http1_head *head, struct slice query)
{
	q->door.tenant = tenant_of(f, bare_key(http1_field(head, SLICE("x-weir-client-key"))));
	return url_decode(&q->texts, query_value(query, SLICE("model")), &q->door.model) ? ERR_OK : ERR_BAD_HTTP;
}

/* Of refusals too: a path that is none is answered as clients near it expect. */
static const struct dialect *dialect_of(const struct endpoint *e, struct slice path)
{
	if (e)
		return e->dialect;
	if (slice_starts(path, SLICE("/v1beta/")))
		return &gemini_generate;
	return slice_starts(path, SLICE("/v1/messages")) ? &anthropic_messages : NULL;
}

/* Forms with files: pictures and sounds only. */
static bool takes_type(const struct intake *q, struct slice type)
{
	bool is_raw = q->dialect && q->dialect->op == REQUEST_RAW;
	return type.n == 0 || is_type(type, "application/json") || (is_raw && is_type(type, "multipart/form-data"));
}

static enum err check_body(const struct intake *q, const struct front *f, const struct fields *in)
{
	struct slice encoding = in->v[FIELD_CONTENT_ENCODING];
	uint64_t length = in->head->content_length > 0 ? (uint64_t)in->head->content_length : 0;

	if (!takes_type(q, in->v[FIELD_CONTENT_TYPE]))
		return ERR_BAD_TYPE;
	if (encoding.n && !slice_case_eq(encoding, SLICE("identity")))
		return ERR_BAD_TYPE;
	if (length > f->limits.sizes.body)
		return ERR_BODY_TOO_BIG;
	if (counter_values[COUNTER_buffered_bytes] + length > f->limits.sizes.buffered)
		return ERR_TOO_BUSY;
	return ERR_OK;
}

enum err intake_head(struct intake *q, const struct front *f, const struct http1_head *head, bool admin)
{
	struct slice query, rest, path = url_path(head->target, &query);
	struct fields in;

	read_fields(head, &in);
	q->length = head->chunked ? -1 : MAX_OF(head->content_length, 0);
	read_options(q, &in);
	slice_copy(path, q->path, sizeof(q->path));
	enum err e = endpoint_find(path, head->method, admin ? ENDPOINT_ADMIN : ENDPOINT_PUBLIC, &q->endpoint, &rest);
	q->dialect = dialect_of(q->endpoint, path);
	q->label = q->endpoint ? q->endpoint->label : "";
	if (e != ERR_OK)
		return e;
	if (rest.n && path.n >= sizeof(q->path))
		return ERR_NOT_FOUND;
	q->rest_at = rest.n ? (uint8_t)(path.n - rest.n) : 0;
	if (q->endpoint->kind == ENDPOINT_PURGE)
		return read_purge(q, f, head, query);
	if (endpoint_is_call(q->endpoint)) {
		e = read_call(q, f, &in, path, rest, query);
		return e == ERR_OK ? check_body(q, f, &in) : e;
	}
	return ERR_OK;
}

void intake_end(struct intake *q)
{
	arena_done(&q->texts);
	*q = (struct intake){ .refused = ERR_OK };
}
