/* Row tables: each key of the configuration file is one row, and the row drives everything about it: parsing, range
 * check, default, `weir config show`, the reference page, the editor schema, and whether a reload may change it.
 * Owns: the shape of a table and look-ups in it.  Must not know: YAML, files, faults, or any particular key.
 *
 * A complete example (route/tier_conf.h, then tier_conf.c):
 *
 *	struct target_conf {
 *		struct slice target;
 *		int64_t weight;
 *	};
 *	struct tier_conf {
 *		enum balance { BALANCE_FIRST, BALANCE_WEIGHTED } balance;
 *		struct row_items targets;		// of struct target_conf
 *		struct row_items regions;		// of struct region_conf, each with a name
 *		struct clocks_conf clocks;		// has its own table, clocks_conf
 *		struct row_strs tags;
 *		struct secret key;
 *		uint64_t patience, body;		// ms, bytes
 *		double share;
 *		bool hold;
 *	};
 *	extern const struct section tier_conf;
 *
 *	static const struct row target_rows[] = {
 *		ROW_STR(struct target_conf, target, 3, 200, ROW_REQUIRED, ROW_RELOAD, "provider/model"),
 *		ROW_INT(struct target_conf, weight, 0, 1000, "1", ROW_RELOAD, "share of the traffic"),
 *	};
 *	static const struct section target_conf = ROW_TABLE_SCALAR("target", struct target_conf, target_rows, "target");
 *
 *	static const struct row tier_rows[] = {
 *		ROW_ENUM(struct tier_conf, balance, "first|weighted", "first", ROW_RELOAD, "which target goes first"),
 *		ROW_LIST(struct tier_conf, targets, 1, 64, &target_conf, ROW_REQUIRED, ROW_RELOAD, "who may answer"),
 *		ROW_MAP(struct tier_conf, regions, 0, 64, &region_conf, ROW_OPTIONAL, ROW_RELOAD, "by name"),
 *		ROW_SECTION(struct tier_conf, clocks, &clocks_conf, ROW_OPTIONAL, "time limits of one attempt"),
 *		ROW_STR_LIST(struct tier_conf, tags, 0, 32, "eu, fast", ROW_RELOAD, "only requests with these tags"),
 *		ROW_SECRET(struct tier_conf, key, ROW_OPTIONAL, ROW_RELOAD, "API key"),
 *		ROW_MS(struct tier_conf, patience, 10, 600000, "2s", ROW_RELOAD, "longest wait for a connection"),
 *		ROW_BYTES(struct tier_conf, body, 1, 1u << 30, "32MiB", ROW_RESTART, "largest body"),
 *		ROW_RATIO(struct tier_conf, share, 0, 1, "0.2", ROW_RELOAD, "retries per request, over ten seconds"),
 *		ROW_BOOL(struct tier_conf, hold, "true", ROW_RELOAD, "hold the answer until its first event"),
 *	};
 *	const struct section tier_conf = ROW_TABLE("tier", struct tier_conf, tier_rows);
 *
 * and tests/unit/<floor>/tier_conf_test.c calls row_proof(&tier_conf): a wrong table is found there, not by a user. */
#ifndef CONF_ROW_H
#define CONF_ROW_H

#include "base/buf.h"
#include "base/must.h"
#include "base/secret.h"
#include "base/slice.h"

enum row_kind {		/* what is written			field in the struct		min, max */
	ROW_BOOL,	/* true, false				bool				-		*/
	ROW_INT,	/* 8080, -1				int64_t				values		*/
	ROW_RATIO,	/* 0.25					double				thousandths	*/
	ROW_MS,		/* 250ms, 1.5s, 2m, 0			uint64_t			milliseconds	*/
	ROW_BYTES,	/* 64KiB, 32MiB, 10			uint64_t			bytes		*/
	ROW_STR,	/* any text				struct slice, NUL after it	bytes		*/
	ROW_SECRET,	/* ${NAME}, file:/path			struct secret			bytes		*/
	ROW_ENUM,	/* one of `names`			int or an enum: its index	-		*/
	ROW_STR_LIST,	/* [a, b]				struct row_strs			elements	*/
	ROW_SECTION,	/* {key: value, ...}			the nested struct, inline	-		*/
	ROW_MAP,	/* {any name: {key: value}, ...}	struct row_items		elements	*/
	ROW_LIST,	/* [{key: value}, ...]			struct row_items		elements	*/
};

struct section;

struct row {
	const char *name;		/* the key */
	enum row_kind kind;
	size_t offset;			/* of the field in the section's struct */
	uint64_t min, max;		/* both allowed; ROW_INT reads them as int64_t */
	const char *dflt;		/* as written in the file; NULL: the key is required; lists: "a, b"; "": empty.
					 * A number may have "0" outside min and max: it stands for "off" */
	const char *names;		/* ROW_ENUM: "a|b|c"; index 0, 1, 2 */
	bool reload;			/* a reload may change it; false: it needs a restart */
	const char *help;		/* one line for people, no full stop */
	const struct section *of;	/* ROW_SECTION, ROW_MAP, ROW_LIST: what is inside */
};

struct section {
	const char *name;		/* unique among the sections of one tree: names it in the schema */
	size_t size;			/* of its struct */
	const struct row *rows;
	size_t n_rows;
	const char *scalar;		/* the row that takes the value when a bare scalar stands for the mapping:
					 * `openai/gpt` for {target: openai/gpt}; NULL: a scalar is an error */
};

struct row_strs {
	struct slice *v;
	size_t n;
};

struct row_items {
	void *v;			/* array of n structs of of->size bytes */
	size_t n;
	struct slice *names;		/* ROW_MAP: the keys, in file order; ROW_LIST: NULL */
};

#define ROW_RELOAD true
#define ROW_RESTART false
/* As default.  Required: the key must be written.  Optional: empty when it is not; for a section, its rows get their
 * defaults and its required rows are asked for only when the section is written (CONF_GIVEN tells). */
#define ROW_REQUIRED NULL
#define ROW_OPTIONAL ""

/* One line a key.  Each checks at compile time that the field has the C type its kind fills. */
#define ROW_BOOL(T, f, dflt, reload, help) ROW_OF_(T, f, bool, ROW_BOOL, 0, 1, dflt, NULL, reload, help, NULL)
#define ROW_INT(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, int64_t, ROW_INT, (uint64_t)(int64_t)(min), (uint64_t)(int64_t)(max), dflt, NULL, reload, help, \
		NULL)
/* min and max are written as ratios, e.g. 0, 1 or 0.5; steps of a thousandth. */
#define ROW_RATIO(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, double, ROW_RATIO, (uint64_t)((min) * 1000), (uint64_t)((max) * 1000), dflt, NULL, reload, help, \
		NULL)
#define ROW_MS(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, uint64_t, ROW_MS, min, max, dflt, NULL, reload, help, NULL)
#define ROW_BYTES(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, uint64_t, ROW_BYTES, min, max, dflt, NULL, reload, help, NULL)
/* min and max are lengths in bytes.  An empty default is allowed whatever `min`: it means "not given". */
#define ROW_STR(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, struct slice, ROW_STR, min, max, dflt, NULL, reload, help, NULL)
#define ROW_SECRET(T, f, dflt, reload, help) \
	ROW_OF_(T, f, struct secret, ROW_SECRET, 0, ROW_SECRET_MAX, dflt, NULL, reload, help, NULL)
#define ROW_STR_LIST(T, f, min, max, dflt, reload, help) \
	ROW_OF_(T, f, struct row_strs, ROW_STR_LIST, min, max, dflt, NULL, reload, help, NULL)
#define ROW_ENUM(T, f, names, dflt, reload, help) \
	{ #f, ROW_ENUM, offsetof(T, f) + ROW_SURE_(sizeof(((T *)0)->f) == sizeof(int)), 0, 0, dflt, names, reload, \
	  help, NULL }
/* A section itself is reloadable: its rows say what is not. */
#define ROW_SECTION(T, f, of, dflt, help) { #f, ROW_SECTION, offsetof(T, f), 0, 0, dflt, NULL, true, help, of }
/* reload: whether items may come and go at a reload; rows inside say so for themselves. */
#define ROW_MAP(T, f, min, max, of, dflt, reload, help) \
	ROW_OF_(T, f, struct row_items, ROW_MAP, min, max, dflt, NULL, reload, help, of)
#define ROW_LIST(T, f, min, max, of, dflt, reload, help) \
	ROW_OF_(T, f, struct row_items, ROW_LIST, min, max, dflt, NULL, reload, help, of)

#define ROW_TABLE(name, T, rows) { name, sizeof(T), rows, COUNT_OF(rows), NULL }
#define ROW_TABLE_SCALAR(name, T, rows, scalar) { name, sizeof(T), rows, COUNT_OF(rows), scalar }

/* 0 when `claim` holds, else it does not compile. */
#define ROW_SURE_(claim) (0 * sizeof(char[(claim) ? 1 : -1]))
#define ROW_OF_(T, f, ctype, kind, min, max, dflt, names, reload, help, of) \
	{ #f, kind, offsetof(T, f) + ROW_SURE_(__builtin_types_compatible_p(__typeof__(((T *)0)->f), ctype)), \
	  min, max, dflt, names, reload, help, of }

/* Bounds of the engine, whatever a table says. */
#define ROW_TEXT_MAX 65536u	/* one text after expansion */
#define ROW_SECRET_MAX 65536u	/* the longest keys and tokens fit; a mistaken path to a log does not */
#define ROW_NAME_MAX 256u	/* a key inside a ROW_MAP */
#define ROW_SECTIONS_MAX 128u	/* different sections in one tree of tables */
#define ROW_ROWS_MAX 64u	/* rows of one section: the walk keeps a bit for each */

/* NULL when `s` has no such row. */
const struct row *row_find(const struct section *s, struct slice name);
/* The row that takes a bare scalar, or NULL. */
const struct row *row_scalar(const struct section *s);
static inline void *row_field(const struct row *r, void *owner)
{
	return (char *)owner + r->offset;
}
static inline const void *row_field_const(const struct row *r, const void *owner)
{
	return (const char *)owner + r->offset;
}
/* Bytes of the row's field in the struct. */
size_t row_size(const struct row *r);
/* Item `i` of a list or map of sections `of`. */
static inline void *row_item(const struct row_items *items, const struct section *of, size_t i)
{
	must(i < items->n);
	return (char *)items->v + i * of->size;
}
/* ROW_ENUM: name number `i`; empty past the end. */
struct slice row_name(const struct row *r, size_t i);
/* ROW_ENUM: the index of `name`, or -1. */
int row_name_index(const struct row *r, struct slice name);
/* A section and the first place where it stands in the tree of tables. */
struct row_site {
	const struct section *of;
	const struct row *via;		/* the row that holds it; NULL for the root */
	size_t up;			/* index of the site of `via` */
};
/* Every section reachable from `root`, `root` first, each once, parents before children.  Returns how many. */
size_t row_sites(const struct section *root, struct row_site out[ROW_SECTIONS_MAX]);
/* Appends e.g. "models.<name>.tiers[].clocks"; nothing for the root. */
void row_site_print(const struct row_site *sites, size_t i, struct buf *out);
/* The same for a row of site `i`, as it stands there: "models.<name>.tiers[]". */
void row_print(const struct row_site *sites, size_t i, const struct row *r, struct buf *out);
/* For tests: must() fails on a table that cannot work (twin keys, a field past the struct, a default that does not
 * parse or is out of range, min above max, no help, two sections of one name). */
void row_proof(const struct section *root);

#endif
